/**
 * Builds the WebAssembly kernels from their assembly/ folders with the pinned AssemblyScript: `npm run build:wasm`. A binary
 * depends on nothing but its sources and the compiler's version; tests/unit/wasm-build.test.ts compares with the committed files.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import asc from 'assemblyscript/asc';

const ROOT = path.resolve(import.meta.dirname, '../src-main');

/** The committed binaries; the sources of each are in `assembly/` beside it. */
export const KERNELS = [
  'streams/nss/wasm/nss.wasm',
  'streams/vision/resize/wasm/resize.wasm',
  'streams/neighbours/wasm/neighbours.wasm',
  'fusion/wasm/fusion.wasm',
].map((file) => path.join(ROOT, file));

const OPTIONS = [
  '--enable',
  'simd',
  '--enable',
  'relaxed-simd',
  '--runtime',
  'stub',
  '-O3',
  '--noAssert',
  '--converge',
];

/** Compiles one kernel in memory and returns the bytes of the module. Throws with the compiler's messages. */
export async function compileKernel(kernel: string): Promise<Uint8Array> {
  const outFile = path.basename(kernel);
  const sources = path.join(path.dirname(kernel), 'assembly');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ['index.ts', '--baseDir', sources, '--outFile', outFile, ...OPTIONS],
    {
      readFile: (name, baseDir) => readFile(path.resolve(baseDir, name), 'utf8').catch(() => null),
      writeFile: (name, contents) => {
        if (name === outFile) binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary)
    throw new Error(`AssemblyScript: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main) {
  for (const kernel of KERNELS) {
    const bytes = await compileKernel(kernel);
    await writeFile(kernel, bytes);
    console.log(`${path.relative(process.cwd(), kernel)}: ${bytes.length} bytes`);
  }
}

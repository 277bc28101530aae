/**
 * Builds nss.wasm from assembly/ with the pinned AssemblyScript: `npm run build:wasm`. The result depends on nothing
 * but the sources and the compiler's version; tests/unit/nss-wasm-build.test.ts compares it with the committed file.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import asc from 'assemblyscript/asc';

/** The committed kernel. */
export const WASM_PATH = path.join(import.meta.dirname, 'nss.wasm');

const SOURCES = path.join(import.meta.dirname, 'assembly');

const OPTIONS = ['--enable', 'simd', '--runtime', 'stub', '-O3', '--noAssert', '--converge'];

/** Compiles the sources in memory and returns the bytes of the module. Throws with the compiler's messages. */
export async function compileKernel(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ['index.ts', '--baseDir', SOURCES, '--outFile', 'nss.wasm', ...OPTIONS],
    {
      readFile: (name, baseDir) => readFile(path.resolve(baseDir, name), 'utf8').catch(() => null),
      writeFile: (name, contents) => {
        if (name === 'nss.wasm') binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary)
    throw new Error(`AssemblyScript: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main) {
  const bytes = await compileKernel();
  await writeFile(WASM_PATH, bytes);
  console.log(`${path.relative(process.cwd(), WASM_PATH)}: ${bytes.length} bytes`);
}

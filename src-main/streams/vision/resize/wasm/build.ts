/**
 * Builds resize.wasm from assembly/ with the pinned AssemblyScript: `node src-main/streams/vision/resize/wasm/build.ts`.
 * The result depends on nothing but the sources and the compiler's version; tests/unit/vision-resize-wasm.test.ts
 * compares it with the committed file.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import asc from 'assemblyscript/asc';

/** The committed kernel. */
export const RESIZE_WASM_PATH = path.join(import.meta.dirname, 'resize.wasm');

const SOURCES = path.join(import.meta.dirname, 'assembly');

const OPTIONS = ['--enable', 'simd', '--runtime', 'stub', '-O3', '--noAssert', '--converge'];

/** Compiles the sources in memory and returns the bytes of the module. Throws with the compiler's messages. */
export async function compileResizeKernel(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ['index.ts', '--baseDir', SOURCES, '--outFile', 'resize.wasm', ...OPTIONS],
    {
      readFile: (name, baseDir) => readFile(path.resolve(baseDir, name), 'utf8').catch(() => null),
      writeFile: (name, contents) => {
        if (name === 'resize.wasm') binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary)
    throw new Error(`AssemblyScript: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main) {
  const bytes = await compileResizeKernel();
  await writeFile(RESIZE_WASM_PATH, bytes);
  console.log(`${path.relative(process.cwd(), RESIZE_WASM_PATH)}: ${bytes.length} bytes`);
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { KERNELS, compileKernel } from '../../build/wasm.ts';

describe.each(KERNELS.map((kernel) => [path.basename(kernel), kernel]))('%s', (_, kernel) => {
  it('is, byte for byte, what its sources build (else run `npm run build:wasm`)', async () => {
    const built = Buffer.from(await compileKernel(kernel));
    expect(built.equals(readFileSync(kernel))).toBe(true);
  });

  it('imports nothing, and holds less than 1 MiB', async () => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WasmApi };
    const module = await WebAssembly.compile(readFileSync(kernel));
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    const { exports } = await WebAssembly.instantiate(module);
    expect((exports.memory as { buffer: ArrayBuffer }).buffer.byteLength).toBeLessThan(2 ** 20);
  });
});

/** What these tests need of the global that TypeScript declares only for browsers. */
type WasmApi = {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object): Promise<{ exports: Record<string, unknown> }>;
  Module: { imports(module: object): unknown[] };
};

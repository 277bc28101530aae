import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RESIZE_WASM_PATH, compileResizeKernel } from '../../src-main/streams/vision/resize/wasm/build.ts';

describe('resize.wasm', () => {
  it('is, byte for byte, what its sources build (else run `npm run build:wasm`)', async () => {
    const built = Buffer.from(await compileResizeKernel());
    expect(built.equals(readFileSync(RESIZE_WASM_PATH))).toBe(true);
  });
});

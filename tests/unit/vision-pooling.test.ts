import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fiveCrops } from '../../src-shared/crops.ts';
import { BUILT_IN_ENCODERS, readManifest } from '../../src-main/streams/vision/manifests.ts';
import { outputEmbeddings, poolCrops, toFloat32 } from '../../src-main/streams/vision/pooling.ts';

describe('the five crops', () => {
  it('are those of the paper', () => {
    // c = floor(0.85 * 768 + 0.5) = floor(653.3) = 653
    expect(fiveCrops(1024, 768)).toEqual([
      { x: 185, y: 57, width: 653, height: 653 },
      { x: 0, y: 0, width: 653, height: 653 },
      { x: 371, y: 0, width: 653, height: 653 },
      { x: 0, y: 115, width: 653, height: 653 },
      { x: 371, y: 115, width: 653, height: 653 },
    ]);
    // 0.85 * 10 + 0.5 = 9: a half is rounded up
    expect(fiveCrops(10, 12)[0]).toEqual({ x: 0, y: 1, width: 9, height: 9 });
  });

  it('lie in the picture and touch its corners, whatever its size', () => {
    const length = fc.integer({ min: 1, max: 12_000 });
    fc.assert(
      fc.property(length, length, (width, height) => {
        const crops = fiveCrops(width, height);
        for (const crop of crops) {
          expect(crop.width).toBe(crop.height);
          expect(crop.width).toBeGreaterThan(0);
          expect(crop.x >= 0 && crop.y >= 0).toBe(true);
          expect(crop.x + crop.width <= width && crop.y + crop.height <= height).toBe(true);
        }
        expect(Math.abs(crops[0].width - 0.85 * Math.min(width, height))).toBeLessThanOrEqual(0.5);
        expect([crops[4].x + crops[4].width, crops[4].y + crops[4].height]).toEqual([width, height]);
      }),
    );
  });
});

describe('pooling', () => {
  it('averages normalised embeddings and does not normalise again (equation 3)', () => {
    const pooled = poolCrops([Float32Array.of(3, 4), Float32Array.of(0, 10), Float32Array.of(-2, 0)]);
    expect(pooled[0]).toBeCloseTo((0.6 + 0 - 1) / 3, 7);
    expect(pooled[1]).toBeCloseTo((0.8 + 1 + 0) / 3, 7);
  });

  it('does not care for the length of an embedding', () => {
    const crops = [Float32Array.of(1, 2, 3), Float32Array.of(-4, 5, 0.5)];
    const scaled = crops.map((crop, i) => crop.map((v) => v * (i + 2) ** 8));
    poolCrops(scaled).forEach((v, i) => expect(v).toBeCloseTo(poolCrops(crops)[i]!, 6));
  });

  it.each([
    ['zero', [0, 0], 'norm zero'],
    ['not a number', [NaN, 1], 'not finite'],
    ['infinite', [Infinity, 1], 'not finite'],
  ])('refuses an embedding that is %s, naming the crop', (_, bad, reason) => {
    const pool = () => poolCrops([Float32Array.of(1, 0), Float32Array.from(bad)]);
    expect(pool).toThrow(expect.objectContaining({ code: 'unsupported-image', hint: expect.any(String) }));
    expect(pool).toThrow('crop 2 of 2');
    expect(pool).toThrow(reason);
  });
});

describe("a model's output", () => {
  const pooledOutput = readManifest(path.join(BUILT_IN_ENCODERS, 'clip-vit-b32.json'));
  const withDimension = (dimension: number, row: number | null) => ({
    ...pooledOutput,
    output: { ...pooledOutput.output, dimension, row },
  });

  it('is an embedding per image, or a token of each', () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => i);
    const rows = (manifest: ReturnType<typeof withDimension>, shape: number[]) =>
      outputEmbeddings(values, shape, manifest).map((row) => [...row]);
    expect(rows(withDimension(6, null), [2, 6])).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
    expect(rows(withDimension(2, 0), [2, 3, 2])).toEqual([
      [0, 1],
      [6, 7],
    ]);
    expect(rows(withDimension(2, 2), [2, 3, 2])).toEqual([
      [4, 5],
      [10, 11],
    ]);
  });

  it('in half precision comes as bits', () => {
    // 1, -2, 65504, the smallest subnormal (IEEE 754 binary16)
    const bits = Uint16Array.of(9, 0x3c00, 0xc000, 0x7bff, 0x0001).subarray(1);
    expect([...toFloat32(bits)]).toEqual([1, -2, 65504, 2 ** -24]);
    const single = Float32Array.of(0.1);
    expect(toFloat32(single)).toBe(single);
  });

  it.each([
    [6, null, [2, 3, 2]],
    [5, null, [2, 6]],
    [2, 3, [2, 3, 2]],
    [2, 0, [6, 2]],
    [6, null, [3, 6]],
  ])('of another shape than dimension %i, row %s is refused with both: [%j]', (dimension, row, shape) => {
    const read = () => outputEmbeddings(new Float32Array(12), shape, withDimension(dimension, row));
    expect(read).toThrow(expect.objectContaining({ code: 'bad-input' }));
    expect(read).toThrow(`model [${shape.join(', ')}]`);
    expect(read).toThrow(`${dimension}]`);
  });
});

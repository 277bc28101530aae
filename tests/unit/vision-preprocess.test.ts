import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src-main/images/decode.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { fiveCrops } from '../../src-shared/crops.ts';
import { BUILT_IN_ENCODERS, readManifest } from '../../src-main/streams/vision/manifests.ts';
import { createPreprocessor, resizeTarget } from '../../src-main/streams/vision/preprocess.ts';
import { createResizer } from '../../src-main/streams/vision/resize/resize.ts';
import { PILLOW, pillowPicture } from './vision-pictures.ts';
import type { TensorRow } from './vision-pictures.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared/data');
const HALF = [0.5, 0.5, 0.5] as [number, number, number];
const resizer = await createResizer();

function preprocessing(encoder: string) {
  return readManifest(path.join(BUILT_IN_ENCODERS, `${encoder}.json`)).preprocessing;
}

/** Every value that was kept, the mean and the mean square agree with Pillow and NumPy to 1e-6. */
function expectRow(picture: RgbPicture, { region, encoder, samples, mean, squares }: TensorRow): void {
  const preprocessor = createPreprocessor(resizer, preprocessing(encoder));
  const [x, y, width, height] = region;
  const values = new Float32Array(preprocessor.length);
  preprocessor.write(picture, { x, y, width, height }, values, 0);
  expect(samples).toHaveLength(12);
  for (const [index, value] of samples) expect(Math.abs(values[index]! - value)).toBeLessThan(1e-6);
  expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length - mean)).toBeLessThan(1e-6);
  expect(Math.abs(values.reduce((a, b) => a + b * b, 0) / values.length - squares)).toBeLessThan(1e-6);
}

const painted = PILLOW.tensors.filter((row) => typeof row.source !== 'string');
const files = PILLOW.tensors.filter((row) => typeof row.source === 'string');

describe('the input tensor', () => {
  it.each(painted)('of $source, $region, for $encoder equals that of Pillow and NumPy', (row) => {
    if (typeof row.source === 'string') throw new Error('a file');
    expectRow(pillowPicture(...row.source), row);
  });

  const skipped = existsSync(SHARED) ? '' : ' (skipped: no ../shared/data)';
  it.skipIf(!existsSync(SHARED)).each(files)(
    `of the JPEG $source, $region, for $encoder equals that of Pillow and NumPy${skipped}`,
    async (row) => {
      const file = path.join(SHARED, String(row.source));
      expectRow(await decodePicture(readFileSync(file), file), row);
    },
  );

  it('is written at its offset, and touches nothing else', () => {
    const p = createPreprocessor(resizer, {
      mode: 'squash',
      size: 8,
      filter: 'bicubic',
      mean: HALF,
      std: HALF,
    });
    const into = new Float32Array(p.length * 2 + 1).fill(9);
    const picture = pillowPicture('ramp', 20, 20);
    p.write(picture, { x: 0, y: 0, width: 20, height: 20 }, into, p.length);
    expect(into.subarray(0, p.length).every((v) => v === 9)).toBe(true);
    expect(into.at(-1)).toBe(9);
    expect(into.subarray(p.length, -1).every((v) => v >= -1 && v <= 1)).toBe(true);
    expect(() => p.write(picture, { x: 0, y: 0, width: 20, height: 20 }, into, p.length + 2)).toThrow(
      RangeError,
    );
  });

  it('in half precision is the float32 tensor rounded', () => {
    const p = createPreprocessor(resizer, preprocessing('clip-vit-b32'));
    const picture = pillowPicture('noise', 300, 260);
    const crop = fiveCrops(300, 260)[0];
    const single = new Float32Array(p.length);
    const half = new Uint16Array(p.length + 3);
    p.write(picture, crop, single, 0);
    p.write(picture, crop, half, 3);
    expect([...half.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect(new Float16Array(half.slice(3).buffer)).toEqual(Float16Array.from(single));
  });
});

describe("the resize's size and centre crop", () => {
  const crop = (width: number, height: number) => ({ x: 0, y: 0, width, height });

  it('takes the long side as int(size * long / short), and offsets rounded half to even, as torchvision', () => {
    const p = { mode: 'shortest-side-crop', size: 256, cropSize: 224, filter: 'bicubic' } as const;
    const target = (w: number, h: number) => resizeTarget({ ...p, mean: HALF, std: HALF }, crop(w, h));
    expect(target(100, 100)).toMatchObject({ width: 256, height: 256, window: { x: 16, y: 16 } });
    // 256 * 301 / 200 = 385.28; (385 - 224) / 2 = 80.5 -> 80
    expect(target(301, 200)).toMatchObject({ width: 385, height: 256, window: { x: 80, y: 16 } });
    // 256 * 303 / 200 = 387.84; (387 - 224) / 2 = 81.5 -> 82
    expect(target(200, 303)).toMatchObject({ width: 256, height: 387, window: { x: 16, y: 82 } });
  });

  it('squashes whatever the shape', () => {
    const p = { mode: 'squash', size: 384, filter: 'bilinear', mean: HALF, std: HALF } as const;
    expect(resizeTarget({ ...p, mean: HALF, std: HALF }, crop(10, 700))).toEqual({
      width: 384,
      height: 384,
      filter: 'bilinear',
      window: { x: 0, y: 0, width: 384, height: 384 },
    });
  });
});

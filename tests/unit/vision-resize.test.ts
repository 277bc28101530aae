import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { resizeCoefficients } from '../../src-main/streams/vision/resize/coefficients.ts';
import { resizeReference } from '../../src-main/streams/vision/resize/reference.ts';
import { wholeTarget } from '../../src-main/streams/vision/resize/region.ts';
import { createResizer } from '../../src-main/streams/vision/resize/resize.ts';
import { PILLOW, pillowPicture } from './vision-pictures.ts';

const REFERENCE = path.resolve(import.meta.dirname, '../../../shared/spec/resize-reference');
const REFERENCE_FILE = path.join(REFERENCE, 'reference.json');

const resizer = await createResizer();
const resizes = { kernel: resizer.resize, reference: resizeReference };
const names = Object.keys(resizes) as (keyof typeof resizes)[];
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each(names)('the resize by the %s', (name) => {
  it('equals Pillow to the bit on regions, sizes and windows drawn at random', () => {
    for (const [
      kind,
      width,
      height,
      x,
      y,
      w,
      h,
      outW,
      outH,
      filter,
      wx,
      wy,
      ww,
      wh,
      hash,
    ] of PILLOW.resizes) {
      const target = {
        ...wholeTarget(outW, outH, filter),
        window: { x: wx, y: wy, width: ww, height: wh },
      };
      const picture = pillowPicture(kind, width, height);
      const result = resizes[name](picture, { x, y, width: w, height: h }, target);
      const size = `${w}x${h} of ${kind} ${width}x${height} to ${outW}x${outH} ${filter}`;
      expect([size, result.length, sha256(result)]).toEqual([size, ww * wh * 3, hash]);
    }
  });
});

/** Says in the test's name that it skips. */
const inShared = existsSync(REFERENCE_FILE) ? 'of the spec' : 'of the spec (skipped: no ../shared/spec)';

describe.skipIf(!existsSync(REFERENCE_FILE))(`Pillow's own output ${inShared}`, async () => {
  type Row = { source: string; crop: number[] | null; filter: 'bicubic' | 'bilinear' } & Size;
  type Size = { width: number; height: number; result: string };
  const rows = existsSync(REFERENCE_FILE)
    ? (JSON.parse(readFileSync(REFERENCE_FILE, 'utf8')) as { rows: Row[] }).rows
    : [];
  it.each(rows)('$result', async ({ source, crop, filter, width, height, result }) => {
    const decoded = await sharp(path.join(REFERENCE, source)).raw().toBuffer({ resolveWithObject: true });
    const picture = {
      width: decoded.info.width,
      height: decoded.info.height,
      data: new Uint8Array(decoded.data),
    };
    const [left, upper, right, lower] = (crop ?? [0, 0, picture.width, picture.height]) as [
      number,
      number,
      number,
      number,
    ];
    const region = { x: left, y: upper, width: right - left, height: lower - upper };
    const expected = await sharp(path.join(REFERENCE, result)).raw().toBuffer();
    for (const name of names) {
      const own = resizes[name](picture, region, wholeTarget(width, height, filter));
      expect(Buffer.compare(Buffer.from(own), expected)).toBe(0);
    }
  });
});

describe('the kernel against the reference', () => {
  it('agrees to the bit whatever came before, up to reductions of 900 times and one-pixel sides', () => {
    const length = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 500, max: 900 }));
    const arbitrary = fc.record({
      kind: fc.constantFrom('noise', 'ramp'),
      width: length,
      height: fc.integer({ min: 1, max: 60 }),
      out: fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 })),
      filter: fc.constantFrom('bicubic' as const, 'bilinear' as const),
      turned: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, ({ kind, width, height, out, filter, turned }) => {
        const [w, h] = turned ? [height, width] : [width, height];
        const picture = pillowPicture(kind, w, h);
        const region = { x: 0, y: 0, width: w, height: h };
        const target = wholeTarget(...out, filter);
        const own = resizer.resize(picture, region, target);
        expect(Buffer.compare(own, resizeReference(picture, region, target))).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('gives the whole result where the window is all of it, and a part of that elsewhere', () => {
    const picture = pillowPicture('noise', 80, 50);
    const region = { x: 3, y: 2, width: 70, height: 45 };
    const whole = resizer.resize(picture, region, wholeTarget(30, 20, 'bicubic'));
    const window = { x: 4, y: 5, width: 9, height: 6 };
    const part = resizer.resize(picture, region, { ...wholeTarget(30, 20, 'bicubic'), window });
    for (let y = 0; y < window.height; y++) {
      const from = ((window.y + y) * 30 + window.x) * 3;
      expect(part.subarray(y * 27, (y + 1) * 27)).toEqual(whole.subarray(from, from + 27));
    }
  });

  it('keeps a picture that keeps its size', () => {
    const picture = pillowPicture('noise', 37, 23);
    const region = { x: 0, y: 0, width: 37, height: 23 };
    expect(resizer.resize(picture, region, wholeTarget(37, 23, 'bicubic'))).toEqual(picture.data);
  });

  it('refuses a region or window that sticks out', () => {
    const picture = pillowPicture('ramp', 20, 10);
    const target = wholeTarget(8, 8, 'bilinear');
    for (const name of names) {
      expect(() => resizes[name](picture, { x: 11, y: 0, width: 10, height: 10 }, target)).toThrow(
        'region 10 x 10 at 11, 0 leaves 20 x 10',
      );
      expect(() => resizes[name](picture, { x: 0.5, y: 0, width: 10, height: 10 }, target)).toThrow(
        RangeError,
      );
      const window = { x: 0, y: 1, width: 8, height: 8 };
      expect(() =>
        resizes[name](picture, { x: 0, y: 0, width: 10, height: 10 }, { ...target, window }),
      ).toThrow('window 8 x 8 at 0, 1 leaves 8 x 8');
    }
  });
});

describe('coefficients', () => {
  it('sum to one in fixed point but for the rounding of each weight', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 500 }), (inSize, outSize) => {
        for (const filter of ['bicubic', 'bilinear'] as const) {
          const { taps, starts, counts, weights } = resizeCoefficients(inSize, outSize, filter);
          for (let i = 0; i < outSize; i++) {
            const sum = weights.subarray(i * taps, (i + 1) * taps).reduce((a, b) => a + b, 0);
            expect(Math.abs(sum - 2 ** 22)).toBeLessThanOrEqual(counts[i]! / 2);
            expect(starts[i]! >= 0 && counts[i]! >= 1 && starts[i]! + counts[i]! <= inSize).toBe(true);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

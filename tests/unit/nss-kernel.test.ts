import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NSS_BLOCK_NAMES, NSS_NAMES } from '../../src-shared/nss-names.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { NSS_STREAM, createNssExtractor } from '../../src-main/streams/nss/descriptor.ts';
import { blocksReference, describeReference } from '../../src-main/streams/nss/reference/reference.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';
import { KINDS, largestDeviation, paint } from './nss-pictures.ts';

/** A fifth of what nss.md allows; the worst seen in float32 is 1.5e-5, on pictures with nearly equal blocks. */
const TOLERANCE = 2e-5;
const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];

const extractor = await createNssExtractor();

describe('the wasm kernel against the float64 reference', () => {
  it.each(kinds)('agrees on %s, one block, remainders, two tiles wide', (kind) => {
    for (const [width, height] of [
      [32, 32],
      [63, 95],
      [97, 34],
      [545, 32],
    ] as const) {
      const picture = paint(kind, width, height, 5);
      expect(largestDeviation(extractor.describe(picture), describeReference(picture))).toBeLessThan(
        TOLERANCE,
      );
    }
  });

  it('agrees on random pictures of random sizes, block by block', () => {
    const arbitrary = fc.record({
      kind: fc.constantFrom(...kinds),
      width: fc.integer({ min: 32, max: 140 }),
      height: fc.integer({ min: 32, max: 80 }),
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ kind, width, height, seed }) => {
        const picture = paint(kind, width, height, seed);
        const blocks = extractor.blocks(picture);
        const reference = blocksReference(picture);
        expect([blocks.rows, blocks.columns]).toEqual([reference.rows, reference.columns]);
        expect(largestDeviation(blocks.values, reference.values)).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 40 },
    );
  });

  it('agrees on mirrored blocks, whose standard deviation is zero', () => {
    const half = naturalPicture(32, 32, 3);
    const data = new Uint8Array(64 * 32 * 3);
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 64; x++) {
        const from = (y * 32 + Math.min(x, 63 - x)) * 3;
        data.set(half.data.subarray(from, from + 3), (y * 64 + x) * 3);
      }
    }
    const picture = { width: 64, height: 32, data };
    expect(largestDeviation(extractor.describe(picture), describeReference(picture))).toBeLessThan(TOLERANCE);
  });
});

describe('the extractor', () => {
  it('gives 138 numbers, the same ones for the same picture whatever came before', () => {
    const picture = naturalPicture(150, 70, 1);
    const first = extractor.describe(picture);
    expect(first).toHaveLength(NSS_STREAM.dimension);
    expect(first).toHaveLength(NSS_NAMES.length);
    extractor.describe(paint('noise', 600, 40, 2));
    expect(extractor.describe(picture)).toEqual(first);
  });

  it('gives block features row by row, of which the descriptor is mean and std', () => {
    const picture = naturalPicture(100, 70, 4);
    const { rows, columns, values } = extractor.blocks(picture);
    expect([rows, columns]).toEqual([2, 3]);
    expect(values).toHaveLength(6 * NSS_BLOCK_NAMES.length);
    const means = [0, 1, 2, 3, 4, 5].map((block) => values[block * NSS_BLOCK_NAMES.length]!);
    const mean = means.reduce((a, b) => a + b) / 6;
    const std = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6);
    const descriptor = extractor.describe(picture);
    expect(descriptor[NSS_NAMES.indexOf('mean.intensity.mean')]).toBeCloseTo(mean, 4);
    expect(descriptor[NSS_NAMES.indexOf('std.intensity.mean')]).toBeCloseTo(std, 4);
  });

  it('drops what remains right of and below the last whole block, but looks at its nearest two pixels', () => {
    const picture = naturalPicture(40, 40, 6);
    const before = extractor.describe(picture);
    const changeRows = (from: number) => ({
      ...picture,
      data: picture.data.map((v, i) => (i >= from * 120 ? 255 - v : v)),
    });
    expect(extractor.describe(changeRows(34))).toEqual(before);
    expect(extractor.describe(changeRows(33))).not.toEqual(before);
  });

  it.each([
    [31, 32],
    [500, 8],
  ])('refuses %i x %i with the size and a hint', (width, height) => {
    const picture = { width, height, data: new Uint8Array(width * height * 3) };
    for (const refuse of [
      () => extractor.describe(picture),
      () => extractor.blocks(picture),
      () => describeReference(picture),
    ]) {
      expect(refuse).toThrow(StudioError);
      expect(refuse).toThrow(`${width} x ${height}`);
      expect(refuse).toThrow(
        expect.objectContaining({ code: 'unsupported-image', hint: expect.any(String) }),
      );
    }
  });
});

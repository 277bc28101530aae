import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { qualityOf, rate, RATERS } from '../../src-main/distortions/raters.ts';

describe('qualityOf', () => {
  it('is 5 for the reference, 3 at .85, and rises with the similarity', () => {
    expect(qualityOf(1)).toBe(5);
    expect(qualityOf(0.85)).toBeCloseTo(3, 12);
    const similarities = fc.tuple(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(similarities, ([a, b]) => {
        if (a < b) expect(qualityOf(a)).toBeLessThanOrEqual(qualityOf(b));
        expect(qualityOf(a)).toBeGreaterThan(1);
      }),
    );
  });
});

describe('rate', () => {
  it('depends on seed and image only, stays on the scale, and follows the quality', () => {
    expect(rate(1, 'I01_01_01.png', 3)).toEqual(rate(1, 'I01_01_01.png', 3));
    expect(rate(1, 'I01_01_01.png', 3)).not.toEqual(rate(1, 'I01_01_02.png', 3));
    expect(rate(1, 'I01_01_01.png', 3)).not.toEqual(rate(2, 'I01_01_01.png', 3));
    const means = [1.5, 2.5, 3.5, 4.5].map((quality) => {
      const ratings = Array.from({ length: 200 }, (_, i) => rate(1, `image ${i}`, quality));
      for (const { mos, std, votes } of ratings) {
        expect(mos).toBeGreaterThanOrEqual(1);
        expect(mos).toBeLessThanOrEqual(5);
        expect(std).toBeGreaterThanOrEqual(0);
        expect(votes).toBe(RATERS);
        expect(Number.isInteger(Math.round(mos * RATERS * 1e6) / 1e6)).toBe(true);
      }
      return ratings.reduce((sum, { mos }) => sum + mos, 0) / ratings.length;
    });
    means.forEach((mean, k) => expect(Math.abs(mean - (1.5 + k))).toBeLessThan(0.3));
  });
});

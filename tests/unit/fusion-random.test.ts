import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src-main/fusion/random.ts';

describe('Random', () => {
  it('gives the numbers of the C reference of xoshiro128** seeded with 42', () => {
    const random = new Random(42);
    const first = Array.from({ length: 6 }, () => random.bits());
    expect(first).toEqual([2837322924, 544945897, 479756282, 3500138142, 339756180, 113173290]);
    for (let i = 0; i < 1000; i++) random.bits();
    expect(random.bits()).toBe(2027247006);
  });

  it('a dropout mask takes the same draws as bits(), two entries each, and leaves the generator after them', () => {
    const [filling, drawing] = [new Random(7), new Random(7)];
    const mask = new Float32Array(101);
    filling.fillDropoutMask(mask, 0.3);
    const draws = Array.from({ length: 51 }, () => drawing.bits());
    const entry = (i: number): number => (i % 2 === 0 ? draws[i >> 1]! & 0xffff : draws[i >> 1]! >>> 16);
    mask.forEach((value, i) =>
      expect(value).toBe(entry(i) < Math.round(0.3 * 65536) ? 0 : Math.fround(1 / 0.7)),
    );
    expect(filling.bits()).toBe(drawing.bits());
  });

  it('dropout keeps the share and the mean that its rate says', () => {
    const mask = new Float32Array(1_000_000);
    new Random(1).fillDropoutMask(mask, 0.3);
    // Five standard deviations of a binomial share are 0.0023.
    expect(Math.abs(mask.filter((v) => v === 0).length / mask.length - 0.3)).toBeLessThan(0.0023);
    expect(Math.abs(mask.reduce((a, b) => a + b, 0) / mask.length - 1)).toBeLessThan(0.0033);
  });

  it('shuffles into a permutation, each first place about equally often', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 50 }), (seed, n) => {
        const values = Int32Array.from({ length: n }, (_, i) => i);
        new Random(seed).shuffle(values);
        expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
    const random = new Random(5);
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) {
      const values = Int32Array.of(0, 1, 2, 3, 4);
      random.shuffle(values);
      counts[values[0]!]!++;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });
});

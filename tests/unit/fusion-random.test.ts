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

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldsHash, groupKFold, kFold } from '../../src-main/experiments/folds.ts';
import { NumpyRandomState } from '../../src-main/experiments/numpy-random.ts';

type Reference = {
  permutation12: number[];
  n: Record<string, { sizes: number[]; first8: number[][]; sha256_of_comma_joined: string[] }>;
  group: { groups: string[]; folds: number[][] };
};
const file = path.resolve(import.meta.dirname, '../../../shared/spec/folds-reference.json');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const plain = (folds: Int32Array[]): number[][] => folds.map((fold) => [...fold]);

describe('numpy.random.RandomState', () => {
  it('gives its permutations, also past the first 624 draws and at the largest seed', () => {
    expect([...new NumpyRandomState(42).permutation(12)]).toEqual([10, 9, 0, 8, 5, 2, 1, 11, 4, 7, 3, 6]);
    expect([...new NumpyRandomState(0).permutation(1000).slice(0, 5)]).toEqual([993, 859, 298, 553, 672]);
    expect([...new NumpyRandomState(7).permutation(70000).slice(0, 5)]).toEqual([
      7653, 66274, 9119, 10760, 43166,
    ]);
    const largest = [11, 17, 19, 15, 1, 5, 8, 16, 13, 18, 14, 9, 10, 6, 0, 4, 7, 12, 2, 3];
    expect([...new NumpyRandomState(4294967295).permutation(20)]).toEqual(largest);
  });
});

describe('folds equal scikit-learn 1.9', () => {
  it('KFold(5, shuffle=True, random_state=42) for n = 10 and 23', () => {
    expect(plain(kFold(10, 5, 42))).toEqual([
      [1, 8],
      [0, 5],
      [2, 7],
      [4, 9],
      [3, 6],
    ]);
    expect(plain(kFold(23, 5, 42))).toEqual([
      [0, 8, 9, 15, 17],
      [1, 2, 5, 12, 13],
      [3, 4, 11, 18, 20],
      [7, 16, 21, 22],
      [6, 10, 14, 19],
    ]);
  });

  it('for the sizes of KonIQ-10k, by the hash of each fold', () => {
    expect(kFold(10073, 5, 42).map((fold) => sha256(fold.join(',')))).toEqual([
      '439849b0e7d05b781887660711b9a2909e09d09108514ad61d3fc6619b1ae376',
      '2fdc4d10465c88e6b08e45fb7fe76fd9eb61199f1077a17261185f87009db9e4',
      '387db0664a3d9636fbfa5a64d9da0329a1168b580b591c5da57b9fed14756e82',
      'd5ee41d0bd4e3613790be294c31e4c7cdb0aae75933dfb16d952f6ff7eba7fbd',
      '6eb2593cbd0f05411e20cac5d26ff97331362d132e2f0f7d782138eb3d95d07f',
    ]);
  });

  it('by group, in order of first appearance', () => {
    const references = [0, 7, 5, 3, 1, 8, 6, 4, 2];
    const groups = Array.from({ length: 30 }, (_, i) => `ref0${references[i % 9]}`);
    expect(plain(groupKFold(groups, 5, 42))).toEqual([
      [1, 7, 10, 16, 19, 25, 28],
      [0, 5, 9, 14, 18, 23, 27],
      [2, 8, 11, 17, 20, 26, 29],
      [3, 4, 12, 13, 21, 22],
      [6, 15, 24],
    ]);
  });

  // Needs the specification beside the repository; skipped where it is not there.
  it.skipIf(!existsSync(file))('all of folds-reference.json', () => {
    const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;
    expect([...new NumpyRandomState(42).permutation(12)]).toEqual(reference.permutation12);
    for (const [n, expected] of Object.entries(reference.n)) {
      const folds = kFold(Number(n), 5, 42);
      expect(folds.map((fold) => fold.length)).toEqual(expected.sizes);
      expect(plain(folds).map((fold) => fold.slice(0, 8))).toEqual(expected.first8);
      expect(folds.map((fold) => sha256(fold.join(',')))).toEqual(expected.sha256_of_comma_joined);
    }
    expect(plain(groupKFold(reference.group.groups, 5, 42))).toEqual(reference.group.folds);
  });
});

describe('folds', () => {
  it('share the images out, each in one fold, groups never torn', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(groups, fc.nat(4294967295), (numbers, seed) => {
        const names = numbers.map(String);
        const count = new Set(names).size;
        fc.pre(count >= 2);
        const folds = groupKFold(names, 2, seed);
        expect(folds.flatMap((fold) => [...fold]).sort((a, b) => a - b)).toEqual([...names.keys()]);
        const sides = folds.map((fold) => new Set([...fold].map((image) => names[image]!)));
        expect(sides[0]!.isDisjointFrom(sides[1]!)).toBe(true);
        expect(sides.map((side) => side.size)).toEqual([Math.ceil(count / 2), Math.floor(count / 2)]);
      }),
    );
  });

  it('have a hash of their own: lines of comma-joined indices', () => {
    expect(foldsHash(kFold(10, 5, 42))).toBe(sha256('1,8\n0,5\n2,7\n4,9\n3,6'));
    expect(foldsHash(kFold(10, 5, 43))).not.toBe(foldsHash(kFold(10, 5, 42)));
  });

  it('are refused with a remedy where there are fewer images or groups than folds', () => {
    expect(() => kFold(4, 5, 42)).toThrow(
      expect.objectContaining({ code: 'bad-input', hint: expect.stringContaining('fewer folds') }),
    );
    expect(() => groupKFold(['a', 'b', 'a', 'b', 'a'], 3, 42)).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: '3 folds by group need at least 3 groups, there are 2',
      }),
    );
    expect(kFold(5, 5, 42)).toHaveLength(5);
  });
});

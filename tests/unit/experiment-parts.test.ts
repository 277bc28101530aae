import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../src-shared/experiment-spec.ts';
import type { PopulationRow } from '../../src-main/catalog/population.ts';
import { groupShuffleSplit, kFold, nestedSubset, shuffleSplit } from '../../src-main/experiments/folds.ts';
import { mapScale, scaleOf, targetLabelOf } from '../../src-main/experiments/label-scale.ts';
import { makeParts, officialSide, type Part } from '../../src-main/experiments/parts.ts';

const sha256 = (values: Int32Array): string => createHash('sha256').update(values.join(',')).digest('hex');

describe('random splits equal scikit-learn 1.9', () => {
  it('ShuffleSplit(1, test_size=0.2, random_state=seed), which train_test_split uses', () => {
    expect([...shuffleSplit(11, 42)]).toEqual([0, 5, 9]);
    expect([...shuffleSplit(11, 43)]).toEqual([6, 7, 10]);
    expect([...shuffleSplit(23, 42)]).toEqual([0, 8, 9, 15, 17]);
    expect([...shuffleSplit(23, 43)]).toEqual([5, 6, 10, 13, 22]);
    const large = [shuffleSplit(10073, 51), shuffleSplit(1162, 42), shuffleSplit(1162, 51)];
    expect(large.map((test) => test.length)).toEqual([2015, 233, 233]);
    expect(large.map(sha256)).toEqual([
      'f320278b1f7629b924d182b6c178cc03fc4d81a2c3d4aebeda7e65660cf9459f',
      'd2bc9293f776ff32f5633bf8495b239cee49861ed5de617b2c58dc0f13b01980',
      '2b4f27a82a8a71656934b5e2087b8807835b88d5e0604b832987d189f4905310',
    ]);
  });

  it('GroupShuffleSplit over groups numbered in order of first appearance', () => {
    const references = [0, 7, 5, 3, 1, 8, 6, 4, 2];
    const groups = Array.from({ length: 30 }, (_, i) => `ref0${references[i % 9]}`);
    expect([...groupShuffleSplit(groups, 42)]).toEqual([1, 7, 10, 16, 19, 25, 28]);
    expect([...groupShuffleSplit(groups, 43)]).toEqual([3, 8, 12, 17, 21, 26]);
  });

  it('say how many images they need', () => {
    expect(() => shuffleSplit(2, 42)).toThrow(/needs more than 2/);
  });
});

it('nested subsets: a larger share has all of a smaller one; groups stay whole', () => {
  const share = fc.integer({ min: 0, max: 20 }).map((steps) => steps / 20);
  const groups = fc.array(
    fc.nat(8).map((g) => `g${g}`),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(groups, fc.boolean(), share, share, fc.nat(1000), (names, byGroup, a, b, seed) => {
      const subset = (of: number) => nestedSubset(names.length, byGroup ? names : null, of, seed);
      const [smaller, larger] = [subset(Math.min(a, b)), subset(Math.max(a, b))];
      expect(new Set(larger).isSupersetOf(new Set(smaller))).toBe(true);
      expect([...subset(1)]).toEqual([...names.keys()]);
      expect([...larger]).toEqual([...larger].sort((x, y) => x - y));
      if (byGroup) {
        const inside = new Set(Array.from(larger, (i) => names[i]!));
        expect(larger.length).toBe(names.filter((name) => inside.has(name)).length);
      } else expect(larger.length).toBe(Math.round(Math.max(a, b) * names.length));
    }),
  );
});

const rows = (n: number, change: (i: number) => Partial<PopulationRow> = () => ({})): PopulationRow[] =>
  Array.from({ length: n }, (_, i) => ({
    id: i,
    name: `${i}`,
    content: `c${i}`,
    mos: i,
    group: `g${i % 7}`,
    distortion: null,
    level: null,
    split: null,
    ...change(i),
  }));
const parts = (protocol: Protocol, images = rows(40), sources = 0): Part[] =>
  makeParts(protocol, { name: 'set' }, images, sources);
const plain = (list: Part[]) => list.map((p) => ({ train: [...p.train], test: [...p.test] }));

describe('the parts of a run', () => {
  const folds = { folds: 5, seed: 42, unit: 'image' as const };

  it('of cross: all of one dataset, all of the other', () => {
    const [only, ...none] = parts({ kind: 'cross' }, rows(3), 2);
    expect(none).toEqual([]);
    expect(plain([only!])).toEqual([{ test: [0, 1, 2], train: [3, 4] }]);
    expect(only!.pretrain).toBeNull();
  });

  it('of finetune: stage one on the other dataset, stage two on the training fold, fitted on both', () => {
    const finetune = {
      kind: 'finetune' as const,
      ...folds,
      seeds: [1],
      mcDropout: 1,
      epochs: 1,
      lr: 1,
      batch: 2,
    };
    const made = parts(finetune, rows(40), 3);
    expect(made.map((p) => p.test)).toEqual(kFold(40, 5, 42));
    for (const { test, train, pretrain, fit } of made) {
      expect([...pretrain!]).toEqual([40, 41, 42]);
      expect([...test, ...train].sort((a, b) => a - b)).toEqual([...rows(40).keys()]);
      expect([...fit]).toEqual([...train, 40, 41, 42]);
    }
  });

  it('of split: repeat r is the split with seed 42 + r, by image or by group', () => {
    const byImage = parts({ kind: 'split', repeats: 3, unit: 'image' });
    expect(byImage.map((p) => p.test)).toEqual([42, 43, 44].map((seed) => shuffleSplit(40, seed)));
    const images = rows(40);
    for (const { test, train } of parts({ kind: 'split', repeats: 3, unit: 'group' })) {
      const groupsOf = (side: Int32Array) => new Set(Array.from(side, (i) => images[i]!.group));
      expect(groupsOf(test).isDisjointFrom(groupsOf(train))).toBe(true);
      expect(test.length + train.length).toBe(40);
    }
  });

  it('of fraction: the test folds of cv, on nested training sides', () => {
    const at = (fraction: number, unit: 'image' | 'group' = 'image') =>
      parts({ kind: 'fraction', fractions: [fraction], ...folds, unit });
    expect(plain(at(1))).toEqual(plain(parts({ kind: 'cv', ...folds })));
    expect(at(0.2).map((p) => p.test)).toEqual(kFold(40, 5, 42));
    at(0.2).forEach(({ train }, fold) => {
      expect(train.length).toBe(6);
      expect(new Set(at(0.6)[fold]!.train).isSupersetOf(new Set(train))).toBe(true);
    });
    const images = rows(40);
    for (const { test, train } of at(0.5, 'group')) {
      const groupsOf = (side: Int32Array) => new Set(Array.from(side, (i) => images[i]!.group));
      expect(groupsOf(test).isDisjointFrom(groupsOf(train))).toBe(true);
      for (const group of groupsOf(train))
        expect([...train]).toEqual(
          expect.arrayContaining(images.filter((r) => r.group === group).map((r) => r.id)),
        );
    }
  });

  it('of the official split: validation joins training, under the names that datasets give them', () => {
    const sides = ['training', 'validation', 'test', 'Test', 'train', 'val'];
    expect(
      plain(
        parts(
          { kind: 'official' },
          rows(6, (i) => ({ split: sides[i]! })),
        ),
      ),
    ).toEqual([{ train: [0, 1, 4, 5], test: [2, 3] }]);
    expect([officialSide(null), officialSide('fold 3'), officialSide(' TEST ')]).toEqual([
      null,
      null,
      'test',
    ]);
  });

  it('are refused with a hint where the dataset can not have them', () => {
    const thrown = (code: string, message: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(message), hint: expect.any(String) });
    expect(() => parts({ kind: 'official' })).toThrow(thrown('bad-input', /"set" has no official split/));
    expect(() =>
      parts(
        { kind: 'official' },
        rows(4, () => ({ split: 'test' })),
      ),
    ).toThrow(thrown('bad-input', /no official split/));
    expect(() =>
      parts(
        { kind: 'split', repeats: 2, unit: 'group' },
        rows(9, (i) => (i === 4 ? { group: null } : {})),
      ),
    ).toThrow(thrown('bad-input', /no group for image 4/));
  });
});

describe('labels between datasets', () => {
  it('are mapped as the paper maps KonIQ-10k, (y - 1) * 25', () => {
    const map = mapScale({ min: 1, max: 5, better: 'higher' }, { min: 0, max: 100, better: 'higher' });
    expect([1, 2.5, 5].map(map)).toEqual([0, 37.5, 100]);
  });

  it('are turned over where the good ends differ', () => {
    const map = mapScale({ min: 1, max: 5, better: 'higher' }, { min: 0, max: 100, better: 'lower' });
    expect([1, 2, 5].map(map)).toEqual([100, 75, 0]);
  });

  it('come back the same way', () => {
    const scale = fc.record({
      min: fc.integer({ min: -10, max: 10 }),
      width: fc.integer({ min: 1, max: 100 }),
      better: fc.constantFrom('higher' as const, 'lower' as const),
    });
    fc.assert(
      fc.property(scale, scale, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, t) => {
        const [from, to] = [a, b].map(({ min, width, better }) => ({ min, max: min + width, better }));
        const label = from!.min + t * (from!.max - from!.min);
        expect(mapScale(to!, from!)(mapScale(from!, to!)(label))).toBeCloseTo(label, 9);
      }),
    );
  });

  it('are KonIQ-10k on 1-5 in the preset paper, and as declared elsewhere', () => {
    const koniq = {
      format: 'koniq-10k' as const,
      label: 'MOS_zscore',
      scale: { min: 0, max: 100, better: 'higher' as const },
    };
    const labels = ['MOS_zscore', 'MOS'];
    expect(targetLabelOf(koniq, labels, 'paper')).toBe('MOS');
    expect(scaleOf(koniq, 'MOS')).toEqual({ min: 1, max: 5, better: 'higher' });
    expect(targetLabelOf(koniq, labels, 'studio')).toBe('MOS_zscore');
    expect(scaleOf(koniq, 'MOS_zscore')).toEqual(koniq.scale);
    expect(targetLabelOf(koniq, ['MOS_zscore'], 'paper')).toBe('MOS_zscore');
  });
});

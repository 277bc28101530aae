import { describe, expect, it } from 'vitest';
import { followLadders, type Rung } from '../../src-main/evaluation/ladders.ts';

let next = 1;
function ladder(reference: string, distortion: string, scores: number[], gates: number[] = []): Rung[] {
  return scores.map((score, k) => ({
    image: next++,
    reference,
    distortion,
    level: k + 1,
    score,
    gates: Object.fromEntries(gates.length === 0 ? [] : [['nss', gates[k]!]]),
  }));
}

describe('followLadders', () => {
  // Worked by hand: b has one step up; Spearman of ranks (1 2 3 4 5) with badness ranks (1 3 2 4 5) is
  // 1 - 6 * 2 / (5 * 24) = .9, Kendall (9 - 1) / 10 = .8.
  const rungs = [
    ...ladder('a', '01', [5, 4, 3, 2, 1], [1, 1.1, 1.2, 1.3, 1.4]),
    ...ladder('b', '01', [5, 3, 4, 2, 1], [1, 1.3, 1.2, 1.3, 1.4]),
    ...ladder('a', '18', [1, 2, 3, 4, 5], [1, 1, 1, 1, 1]),
  ];

  it('counts steps, averages correlations, and leaves unordered types out of the whole', () => {
    const { types, overall, worst, pristine } = followLadders(rungs, 1);
    expect(types.map(({ type, worsens, group }) => [type, worsens, group])).toEqual([
      ['01', true, 'blur'],
      ['18', false, 'brightness'],
    ]);
    expect(types[0]).toMatchObject({ ladders: 2, pairs: 8, rightShare: 7 / 8 });
    expect(types[0]!.srocc).toBeCloseTo((1 + 0.9) / 2, 12);
    expect(types[0]!.krocc).toBeCloseTo((1 + 0.8) / 2, 12);
    expect(types[1]!.srocc).toBeCloseTo(-1, 12);
    expect(overall).toMatchObject({ ladders: 2, pairs: 8, rightShare: 7 / 8 });
    expect(worst).toHaveLength(1);
    expect(worst[0]).toMatchObject({ reference: 'b', type: '01', scores: [5, 3, 4, 2, 1], rightShare: 0.75 });
    expect(worst[0]!.images).toEqual(rungs.slice(5, 10).map(({ image }) => image));
    expect(pristine).toBeNull();
  });

  it('has mean, deviation and mean gate per level', () => {
    const second = followLadders(rungs, 1).types[0]!.levels[1]!;
    expect(second).toMatchObject({ level: 2, n: 2, mean: 3.5, std: 0.5 });
    expect(second.gates['nss']).toBeCloseTo(1.2, 12);
  });

  it('turns round where lower is better', () => {
    const risen = rungs.map((rung) => ({ ...rung, score: -rung.score }));
    expect(followLadders(risen, -1).overall).toEqual(followLadders(rungs, 1).overall);
  });

  it('counts a tie half, has no correlation of constant scores, and keeps the order of levels, not of rows', () => {
    const flat = followLadders(ladder('a', '10', [3, 3]), 1).overall;
    expect(flat).toEqual({ ladders: 1, pairs: 1, rightShare: 0.5, srocc: null, krocc: null });
    expect(followLadders(ladder('a', '10', [5, 4, 3]).reverse(), 1).overall.rightShare).toBe(1);
  });

  it('reports pristine pictures by themselves, and one rung is no ladder', () => {
    const alone = { image: 1, reference: 'a', distortion: null, level: 0, score: 4.5, gates: {} };
    const { pristine, overall, types } = followLadders([alone, ...ladder('a', '10', [3])], 1);
    expect(pristine).toMatchObject({ level: 0, n: 1, mean: 4.5, std: 0 });
    expect(overall).toEqual({ ladders: 0, pairs: 0, rightShare: null, srocc: null, krocc: null });
    expect(types[0]!.levels).toHaveLength(1);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { krocc, metrics, plcc, rmse, srocc } from '../../src-main/evaluation/metrics.ts';
import { averageRanks } from '../../src-main/evaluation/ranks.ts';

const PRECISION = 1e-12;
const reference = path.resolve(import.meta.dirname, '../../../shared/data/metrics-reference');

describe('metrics equal SciPy 1.17 to 1e-12', () => {
  // The same integers in the script that asked SciPy: a[i] = draw % m1, b[i] = a[i] / 2 + draw % m2.
  it.each([
    [50, 7, 5, 0.5250786767588074, 0.5665690624837354, 0.4033425813678705, 1.752141546793523],
    [400, 1000, 20, 0.9990640795658163, 0.9993127146264065, 0.9748623372926786, 274.6232680873928],
    [1000, 3, 1000, 0.001219431117863333, 0.0018055694186975685, 0.0009767434953893595, 583.3047522521996],
  ])('with ties: n = %i, values %% %i and %% %i', (n, m1, m2, ...expected) => {
    const a = Float64Array.from(draws(n, n), (draw) => draw % m1);
    const b = Float64Array.from(draws(n, n + 1), (draw, i) => a[i]! / 2 + (draw % m2));
    const actual = metrics(a, b);
    expect(actual.n).toBe(n);
    const values = [actual.srocc, actual.plcc, actual.krocc, actual.rmse];
    values.forEach((value, i) =>
      expect(Math.abs(value! - expected[i]!)).toBeLessThan(PRECISION * Math.max(1, expected[i]!)),
    );
  });

  // Needs the reference data beside the repository; skipped where they are not there.
  it.skipIf(!existsSync(reference)).each([
    ['koniq-test_mae.csv', 0.9018791232615152, 0.9187368233324755, 0.7310422185283242, 6.104801557889442],
    [
      'live-itw_koniq-trained_mse.csv',
      0.7890564038810087,
      0.8078024334312683,
      0.5956201198158172,
      14.714246731057093,
    ],
  ])('on the published predictions %s', (file, ...expected) => {
    const [head, ...lines] = readFileSync(path.join(reference, file), 'utf8').trim().split(/\r?\n/);
    const column = (name: string): Float64Array => {
      const place = head!.split(',').indexOf(name);
      return Float64Array.from(lines, (line) => Number(line.split(',')[place]));
    };
    const actual = metrics(column('pred'), column('mos'));
    const values = [actual.srocc, actual.plcc, actual.krocc, actual.rmse];
    values.forEach((value, i) =>
      expect(Math.abs(value! - expected[i]!)).toBeLessThan(PRECISION * Math.max(1, expected[i]!)),
    );
  });
});

describe('metrics', () => {
  const column = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 12 });
  const pairs = column.chain((a) =>
    fc.tuple(fc.constant(a), fc.array(fc.nat(5), { minLength: a.length, maxLength: a.length })),
  );

  it('krocc counts pairs as its definition says', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const actual = krocc(Float64Array.from(a), Float64Array.from(b));
        const expected = tauByHand(a, b);
        if (expected === null) expect(actual).toBeNull();
        else expect(actual).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('rank correlations ignore any increasing change of scale; a side turned over changes the sign', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
        const stretched = x.map((value) => Math.exp(value));
        expect(srocc(stretched, y)).toBe(srocc(x, y));
        expect(krocc(stretched, y)).toBe(krocc(x, y));
        const turned = srocc(
          x.map((value) => -value),
          y,
        );
        if (turned === null) expect(srocc(x, y)).toBeNull();
        else expect(turned).toBeCloseTo(-srocc(x, y)!, 12);
      }),
    );
  });

  it('average ranks share the mean of their places', () => {
    expect([...averageRanks(Float64Array.of(3, 1, 3, 2, 3))]).toEqual([4, 1, 4, 2, 4]);
  });

  it('are null where they are undefined', () => {
    const undefinedOn = (a: number[], b: number[]): unknown => {
      const { srocc, plcc, krocc } = metrics(Float64Array.from(a), Float64Array.from(b));
      return [srocc, plcc, krocc];
    };
    expect(metrics(new Float64Array(), new Float64Array())).toEqual({
      n: 0,
      srocc: null,
      plcc: null,
      krocc: null,
      rmse: null,
    });
    expect(metrics(Float64Array.of(1), Float64Array.of(3))).toEqual({
      n: 1,
      srocc: null,
      plcc: null,
      krocc: null,
      rmse: 2,
    });
    expect(undefinedOn([0.1, 0.1, 0.1], [1, 2, 3])).toEqual([null, null, null]);
    expect(undefinedOn([1, 2, 3], [0.7, 0.7, 0.7])).toEqual([null, null, null]);
    expect(undefinedOn([1, NaN, 3], [1, 2, 3])).toEqual([null, null, null]);
    expect(rmse(Float64Array.of(1, Infinity), Float64Array.of(1, 2))).toBeNull();
    expect(() => metrics(new Float64Array(2), new Float64Array(3))).toThrow('2 predictions for 3 labels');
  });

  it('plcc neither overflows nor vanishes', () => {
    for (const unit of [1e-200, 1, 1e200]) {
      const a = Float64Array.of(1, 2, 3.5, -4).map((value) => value * unit);
      expect(plcc(a, Float64Array.of(2, 4, 7, -8))).toBeCloseTo(1, 12);
    }
  });
});

/** The linear congruential generator of ANSI C, upper bits. */
function draws(n: number, seed: number): number[] {
  let state = BigInt(seed);
  return Array.from({ length: n }, () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return Number(state >> 16n);
  });
}

function tauByHand(a: number[], b: number[]): number | null {
  let [score, untiedA, untiedB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [x, y] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      score += x * y;
      untiedA += x * x;
      untiedB += y * y;
    }
  }
  return untiedA * untiedB === 0 ? null : score / Math.sqrt(untiedA * untiedB);
}

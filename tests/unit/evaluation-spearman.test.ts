import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spearman } from '../../src-main/evaluation/spearman.ts';
import { studentTwoSided } from '../../src-main/evaluation/student-t.ts';

/** scipy 1.x: 2 * stats.t.sf(abs(t), df). */
const T_TABLE: [t: number, df: number, p: number][] = [
  [0, 5, 1.0],
  [1, 1, 0.5000000000000001],
  [2.5, 3, 0.08770664700806556],
  [-1.7, 23, 0.1026166552081703],
  [12, 23, 2.2101889236582475e-11],
  [40, 200, 2.2487396535202197e-97],
  [0.001, 9998, 0.9992021355230427],
  [5, 10000, 5.830326613662659e-7],
];

/** scipy.stats.spearmanr; the last one has many ties. */
const SPEARMAN = [
  {
    a: [0.06, 1.34, -0.49, -0.62, 0.49],
    b: [0.39, 0.78, -1.18, -0.34, 0.94],
    rho: 0.7999999999999999,
    p: 0.10408803866182788,
  },
  {
    a: [-1.34, -0.46, -1.9, -1.29, -1.84, -0.24, -1.27, 0.27],
    b: [-0.51, -0.42, -3.47, -1.18, -0.97, -0.01, -2.17, -0.34],
    rho: 0.7619047619047621,
    p: 0.028004939153071805,
  },
  {
    a: [
      -0.98, -0.81, 1.06, -0.81, -0.03, 0.88, -0.58, -0.11, 0.11, 0.06, -1.23, 0.08, 1.36, -1.55, 0.86, 0.12,
      -0.64, 2.0, 0.76, -1.2, 0.07, 0.58, -0.19, 0.68, -0.07,
    ],
    b: [
      0.18, 1.03, -0.15, -0.2, -0.48, 0.57, -1.48, -0.63, -0.14, 0.93, 0.53, -1.28, -0.11, -0.13, -1.56, -0.4,
      -0.42, 2.26, 1.07, -0.93, -0.33, 0.04, 1.43, -0.09, -0.34,
    ],
    rho: 0.14502789266160263,
    p: 0.4891347337851979,
  },
  {
    a: [
      0.35, -0.12, -0.2, -1.11, -0.01, -0.44, 1.17, 0.65, -0.02, 0.67, -0.34, 1.05, -0.01, 0.58, -1.29, 0.35,
      -1.69, -2.04, -0.3, -0.9, 0.16, 2.24, -0.83, -0.62, 0.21, 0.49, -0.18, -0.21, 0.7, 0.52, -1.03, -0.08,
      0.04, -1.05, 0.26, -0.86, 0.97, 0.19, 0.09, -0.59, -0.12, -2.0, -1.13, 0.36, -2.13, 0.85, -1.75, 0.76,
      -0.85, 0.78, 0.13, -1.54, 1.25, 1.44, -0.07, -0.27, -0.16, -0.98, 1.1, -0.54,
    ],
    b: [
      0.0, -1.0, -1.0, -2.0, 1.0, -0.0, 2.0, 0.0, -1.0, 0.0, -1.0, 1.0, -0.0, -0.0, -2.0, -1.0, 1.0, -2.0,
      -1.0, -0.0, 1.0, -0.0, -1.0, -1.0, -2.0, 1.0, -0.0, -0.0, -0.0, 1.0, -1.0, -0.0, -1.0, -2.0, 1.0, -1.0,
      1.0, 0.0, -0.0, -1.0, 1.0, -1.0, -1.0, 0.0, 0.0, 1.0, -0.0, -0.0, -2.0, 1.0, 1.0, -1.0, 1.0, 2.0, 1.0,
      1.0, -1.0, 1.0, -1.0, 1.0,
    ],
    rho: 0.5046907708463051,
    p: 3.9227443985133755e-5,
  },
];

describe('two-sided p-values of Student’s t', () => {
  it.each(T_TABLE)('t = %d with %d degrees of freedom, as SciPy', (t, df, p) => {
    expect(Math.abs(studentTwoSided(t, df) / p - 1)).toBeLessThan(1e-10);
  });

  it('fall from 1 to 0 as |t| grows, whatever its sign', () => {
    const t = fc.double({ min: 0, max: 50, noNaN: true });
    fc.assert(
      fc.property(t, t, fc.integer({ min: 1, max: 5000 }), (a, b, df) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(studentTwoSided(-low, df)).toBe(studentTwoSided(low, df));
        expect(studentTwoSided(high, df)).toBeLessThanOrEqual(studentTwoSided(low, df) + 1e-12);
      }),
    );
    expect(studentTwoSided(0, 7)).toBeCloseTo(1, 14);
    expect(studentTwoSided(Infinity, 7)).toBe(0);
  });
});

describe('Spearman correlation with its p-value', () => {
  it.each(SPEARMAN)('agrees with scipy.stats.spearmanr, $a.length values', ({ a, b, rho, p }) => {
    const actual = spearman(Float64Array.from(a), Float64Array.from(b))!;
    expect(actual.rho).toBeCloseTo(rho, 12);
    expect(Math.abs(actual.p! / p - 1)).toBeLessThan(1e-9);
    expect(actual.n).toBe(a.length);
  });

  it('is certain where the order is the same, and undefined where a side is constant', () => {
    const up = Float64Array.of(1, 2, 3, 5);
    expect(spearman(up, up)).toEqual({ rho: 1, p: 0, n: 4 });
    const two = spearman(Float64Array.of(1, 2), Float64Array.of(4, 3));
    expect(two).toEqual({ rho: expect.closeTo(-1, 14), p: null, n: 2 });
    expect(spearman(up, Float64Array.of(2, 2, 2, 2))).toBeNull();
    expect(spearman(new Float64Array(), new Float64Array())).toBeNull();
  });
});

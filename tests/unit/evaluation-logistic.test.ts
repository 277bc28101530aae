import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLogistic, logisticAt, logisticPlcc } from '../../src-main/evaluation/logistic.ts';
import { plcc } from '../../src-main/evaluation/metrics.ts';

const PREDICTION = Float64Array.of(
  -0.8,
  -0.22,
  0.62,
  0.9,
  0.28,
  0.5,
  1.94,
  1.64,
  2.47,
  3.25,
  2.69,
  2.94,
  4.32,
  4.67,
  4.99,
  5.54,
  5.61,
  5.79,
  6.76,
  6.87,
  7.04,
  8.33,
  8.54,
  9.16,
);
/** Fits by scipy.optimize.curve_fit with tolerances of 1e-15; scores where higher is better, and where lower is. */
const REFERENCE = [
  {
    score: Float64Array.of(
      0.86,
      0.92,
      0.91,
      0.95,
      1.07,
      0.93,
      1.34,
      1.25,
      1.82,
      1.92,
      1.78,
      1.83,
      3.39,
      3.57,
      4.03,
      4.6,
      4.52,
      4.63,
      4.83,
      5.07,
      4.91,
      4.65,
      4.88,
      4.7,
    ),
    upper: 4.920123030272006,
    lower: 0.9336232597845798,
    midpoint: 3.925369675500259,
    width: 0.8286451139763192,
    plcc: 0.9963812926751909,
    raw: 0.9505460220333746,
  },
  {
    score: Float64Array.of(
      79.5,
      81.1,
      83.1,
      81.0,
      77.4,
      80.5,
      74.3,
      75.2,
      63.6,
      61.5,
      64.4,
      64.2,
      32.8,
      28.8,
      18.4,
      8.5,
      8.9,
      8.5,
      2.1,
      -1.5,
      1.8,
      5.7,
      4.1,
      7.5,
    ),
    upper: 1.9919838496513507,
    lower: 80.32938679204155,
    midpoint: 3.9597985091889014,
    width: 0.7904153522956703,
    plcc: 0.9960804924540303,
    raw: -0.945442332293813,
  },
];

describe('the logistic mapping', () => {
  it.each(REFERENCE)('finds the least squares that SciPy finds (PLCC $plcc)', (reference) => {
    const curve = fitLogistic(PREDICTION, reference.score)!;
    for (const name of ['upper', 'lower', 'midpoint', 'width'] as const)
      expect(curve[name], name).toBeCloseTo(reference[name], 4);
    expect(plcc(PREDICTION, reference.score)).toBeCloseTo(reference.raw, 10);
    expect(logisticPlcc(PREDICTION, reference.score).plcc).toBeCloseTo(reference.plcc, 8);
  });

  it('recovers a curve from points on it', () => {
    const parameter = fc.record({
      lower: fc.double({ min: -50, max: 50, noNaN: true }),
      range: fc.double({ min: 1, max: 100, noNaN: true }),
      midpoint: fc.double({ min: 3, max: 7, noNaN: true }),
      width: fc.double({ min: 0.3, max: 2, noNaN: true }),
      rising: fc.boolean(),
    });
    const x = Float64Array.from({ length: 60 }, (_, i) => i / 6);
    fc.assert(
      fc.property(parameter, ({ lower, range, midpoint, width, rising }) => {
        const ends = { upper: lower + (rising ? range : 0), lower: lower + (rising ? 0 : range) };
        const y = x.map((value) => logisticAt({ ...ends, midpoint, width }, value));
        const curve = fitLogistic(x, y)!;
        for (const value of x) {
          const expected = logisticAt({ ...ends, midpoint, width }, value);
          expect(Math.abs(logisticAt(curve, value) - expected)).toBeLessThan(1e-4 * range);
        }
      }),
    );
  });

  it('does no harm to what is already linear, and never ends without a number', () => {
    const random = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(random, fc.double({ min: 0, max: 1, noNaN: true }), (noise, share) => {
        const x = Float64Array.from({ length: 30 }, (_, i) => i / 10);
        const y = x.map((value, i) => value + share * noise[i]!);
        const raw = plcc(x, y)!;
        expect(logisticPlcc(x, y).plcc!).toBeGreaterThan(raw - 1e-3);
      }),
    );
  });

  it('is undefined for fewer than five images, a constant side and infinite values', () => {
    const five = Float64Array.of(1, 2, 3, 4, 5);
    expect(logisticPlcc(five.subarray(0, 4), five.subarray(0, 4))).toEqual({ plcc: null, curve: null });
    expect(fitLogistic(five, new Float64Array(5))).toBeNull();
    expect(fitLogistic(Float64Array.of(1, 2, Infinity, 4, 5), five)).toBeNull();
  });
});

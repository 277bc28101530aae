import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarizeDifferences } from '../../src-main/evaluation/paired-difference.ts';
import { wilcoxonSignedRank } from '../../src-main/evaluation/wilcoxon.ts';
import { verdictOf } from '../../src-main/jobs/compare-folders.ts';

/** Made by scipy.stats.wilcoxon with its defaults (method="approx" for the small case with ties). */
const VECTORS = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'wilcoxon-scipy.json'), 'utf8'),
) as Record<string, { d: number[]; statistic: number; p: number }>;

describe('Wilcoxon signed-rank test', () => {
  const { scipy: _version, ...cases } = VECTORS;
  it.each(Object.entries(cases))('equals SciPy: %s', (_name, { d, statistic, p }) => {
    const test = wilcoxonSignedRank(Float64Array.from(d))!;
    expect(test.statistic).toBeCloseTo(statistic, 9);
    expect(Math.abs(test.p - p) / p).toBeLessThan(1e-9);
  });

  it('says nothing where nothing differs, and does not mind the sign', () => {
    expect(wilcoxonSignedRank(new Float64Array(5))).toBeNull();
    const d = Float64Array.from(VECTORS['n80']!.d);
    expect(wilcoxonSignedRank(d.map((x) => -x))).toEqual(wilcoxonSignedRank(d));
  });
});

const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 });

describe('summary of differences', () => {
  it('has mean, median, shares and extremes of the plain definitions', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (d) => {
        const s = await summarizeDifferences(Float64Array.from(d), { seed: 1, resamples: 50 });
        const sorted = [...d].sort((a, b) => a - b);
        const n = d.length;
        const median = (sorted[Math.floor((n - 1) / 2)]! + sorted[Math.floor(n / 2)]!) / 2;
        expect(s.mean).toBeCloseTo(d.reduce((a, b) => a + b, 0) / n, 12);
        expect(s.median).toBeCloseTo(median, 12);
        expect([s.worst, s.best]).toEqual([sorted[0], sorted[n - 1]]);
        expect(s.worse + s.better + s.equal).toBe(n);
        expect(s.worse).toBe(d.filter((x) => x < 0).length);
        for (const [low, high] of [s.mean_ci95!, s.median_ci95!]) {
          expect(low).toBeLessThanOrEqual(high);
          expect(low).toBeGreaterThanOrEqual(sorted[0]! - 1e-12);
          expect(high).toBeLessThanOrEqual(sorted[n - 1]! + 1e-12);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives an interval of the mean that agrees with its standard error, and the same one every time', async () => {
    const d = Float64Array.from(VECTORS['n80']!.d);
    const [one, two] = await Promise.all([
      summarizeDifferences(d, { seed: 42 }),
      summarizeDifferences(d, { seed: 42 }),
    ]);
    expect(one).toEqual(two);
    const mean = d.reduce((a, b) => a + b, 0) / d.length;
    const error = Math.sqrt(d.reduce((a, b) => a + (b - mean) ** 2, 0)) / d.length;
    expect(one.mean_ci95![0]).toBeCloseTo(mean - 1.96 * error, 1);
    expect(one.mean_ci95![1]).toBeCloseTo(mean + 1.96 * error, 1);
  });

  it('has no interval of one pair, stops when told to, and refuses nothing at all', async () => {
    const one = await summarizeDifferences(Float64Array.of(-0.5), { seed: 1 });
    expect([one.mean, one.mean_ci95, one.median_ci95, one.worse]).toEqual([-0.5, null, null, 1]);
    await expect(summarizeDifferences(new Float64Array(0), { seed: 1 })).rejects.toThrow(RangeError);
    const stopped = summarizeDifferences(new Float64Array(5000).fill(0.1), {
      seed: 1,
      signal: AbortSignal.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('threshold', () => {
  const summary = { mean: -0.02, median: 0, worst: -0.3 };
  it.each([
    ['mean', 0.02, false],
    ['mean', 0.0199, true],
    ['median', 0, false],
    ['worst', 0.29, true],
    ['worst', 0.3, false],
  ] as const)('on the %s with %d: exceeded %s', (on, threshold, exceeded) => {
    expect(verdictOf(summary, { on, threshold })).toEqual({ on, threshold, value: summary[on], exceeded });
  });
});

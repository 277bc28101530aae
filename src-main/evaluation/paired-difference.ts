/** Paired differences of two conditions on the same items: centre with bootstrap intervals, shares, a test. */
import type { PairedSummary } from '../../src-shared/folder-comparison.ts';
import { ascendingOrder } from './ranks.ts';
import { DEFAULT_RESAMPLES, percentileInterval, resample, UnitDraw, unitsOf } from './resampling.ts';
import type { Weights } from './weighted-sample.ts';
import { wilcoxonSignedRank } from './wilcoxon.ts';

export type PairedOptions = { seed: number; resamples?: number; signal?: AbortSignal };

/**
 * Summary of differences (at least one, all finite); below zero is "worse". Intervals are 95 % percentile bootstrap over
 * the pairs, null for fewer than two. Throws RangeError without differences, StudioError cancelled after an abort.
 */
export async function summarizeDifferences(
  differences: Float64Array,
  { seed, resamples = DEFAULT_RESAMPLES, signal }: PairedOptions,
): Promise<PairedSummary> {
  const n = differences.length;
  if (n === 0) throw new RangeError('no differences');
  // In ascending order a resample's median is found by walking its weights.
  const sorted = Float64Array.from(ascendingOrder(differences), (i) => differences[i]!);
  const once = new Int32Array(n).fill(1);
  const means: number[] = [];
  const medians: number[] = [];
  if (n > 1) {
    await resample(new UnitDraw(unitsOf(n, undefined), seed), resamples, signal, (weights) => {
      means.push(weightedMean(sorted, weights));
      medians.push(weightedMedian(sorted, weights));
    });
  }
  const share = (is: (d: number) => boolean) => differences.filter(is).length;
  return {
    n,
    mean: weightedMean(sorted, once),
    mean_ci95: n > 1 ? percentileInterval(means) : null,
    median: weightedMedian(sorted, once),
    median_ci95: n > 1 ? percentileInterval(medians) : null,
    worst: sorted[0]!,
    best: sorted[n - 1]!,
    worse: share((d) => d < 0),
    better: share((d) => d > 0),
    equal: share((d) => d === 0),
    wilcoxon: wilcoxonSignedRank(differences),
  };
}

function weightedMean(values: Float64Array, weights: Weights): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * weights[i]!;
  return sum / values.length;
}

/** The median of ascending values with multiplicities that add up to their number. */
function weightedMedian(sorted: Float64Array, weights: Weights): number {
  const n = sorted.length;
  const [low, high] = [Math.floor((n - 1) / 2), Math.floor(n / 2)];
  let seen = 0;
  let lower = NaN;
  for (let i = 0; i < n; i++) {
    seen += weights[i]!;
    if (Number.isNaN(lower) && seen > low) lower = sorted[i]!;
    if (seen > high) return (lower + sorted[i]!) / 2;
  }
  throw new RangeError('the weights do not add up');
}

/** Wilcoxon's signed-rank test that paired differences centre on zero; p as scipy.stats.wilcoxon (exact, or 'approx'). */
import { averageRanks } from './ranks.ts';

/** `statistic` is the smaller sum of ranks, `n` the number of differences that are not zero; `p` is two-sided. */
export type SignedRankTest = { statistic: number; p: number; n: number; method: 'exact' | 'normal' };

/** Up to so many differences, none zero and no two of one size, p comes from the exact distribution. */
const EXACT_UP_TO = 50;

/** Null where every difference is zero. Zeros are left out (Wilcoxon's own rule), ties share their mean rank. */
export function wilcoxonSignedRank(differences: Float64Array): SignedRankTest | null {
  const nonZero = differences.filter((d) => d !== 0);
  const n = nonZero.length;
  if (n === 0) return null;
  const sizes = nonZero.map(Math.abs);
  const ranks = averageRanks(sizes);
  const positive = ranks.reduce((sum, rank, i) => (nonZero[i]! > 0 ? sum + rank : sum), 0);
  const statistic = Math.min(positive, (n * (n + 1)) / 2 - positive);
  const tied = tieSizes(sizes);
  if (n <= EXACT_UP_TO && n === differences.length && tied.length === 0) {
    return { statistic, p: exactP(statistic, n), n, method: 'exact' };
  }
  const ties = tied.reduce((sum, t) => sum + t ** 3 - t, 0);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  const z = (statistic - (n * (n + 1)) / 4) / Math.sqrt(variance);
  return { statistic, p: Math.min(1, erfc(Math.abs(z) / Math.SQRT2)), n, method: 'normal' };
}

/** How many values share a size, for each size that several have. */
function tieSizes(sizes: Float64Array): number[] {
  return [...Map.groupBy(sizes, (size) => size).values()].map((same) => same.length).filter((t) => t > 1);
}

/** 2 P(W <= w) by counting the subsets of 1..n with each sum. */
function exactP(w: number, n: number): number {
  const ways = new Float64Array((n * (n + 1)) / 2 + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = ways.length - 1; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!;
  }
  let below = 0;
  for (let sum = 0; sum <= w; sum++) below += ways[sum]!;
  return Math.min(1, (2 * below) / 2 ** n);
}

/** The complementary error function for x >= 0: Taylor series below 2.5, a continued fraction above. */
function erfc(x: number): number {
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 200; k++) {
      term *= (-x * x) / k;
      sum += term / (2 * k + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let k = 80; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}

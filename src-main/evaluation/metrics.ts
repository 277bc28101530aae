/**
 * Agreement of predictions with labels (paper, section 3.3), equal to SciPy's spearmanr, pearsonr and kendalltau.
 * A metric is null where it is undefined: fewer than two images, a constant side, a value that is not finite.
 */
import { averageRanks } from './ranks.ts';
import { WeightedSample } from './weighted-sample.ts';
import type { Metrics } from '../../src-shared/runs.ts';

/** Spearman's rank correlation with average ranks for ties. */
export function srocc(a: Float64Array, b: Float64Array): number | null {
  return isUsable(a, b) ? plcc(averageRanks(a), averageRanks(b)) : null;
}

/** Pearson's linear correlation. */
export function plcc(a: Float64Array, b: Float64Array): number | null {
  if (!isUsable(a, b) || isConstant(a) || isConstant(b)) return null;
  const u = centred(a);
  const v = centred(b);
  return clampToOne(dot(u, v) / Math.sqrt(dot(u, u)) / Math.sqrt(dot(v, v)));
}

/** Kendall's rank correlation, tau-b, in O(n log n). */
export function krocc(a: Float64Array, b: Float64Array): number | null {
  return isUsable(a, b) ? new WeightedSample(a, b).krocc(new Int32Array(a.length).fill(1)) : null;
}

/** Root mean squared error in label units; defined from one image on. */
export function rmse(prediction: Float64Array, target: Float64Array): number | null {
  if (prediction.length === 0 || !isFinite(prediction) || !isFinite(target)) return null;
  const squares = prediction.reduce((total, p, i) => total + (p - target[i]!) ** 2, 0);
  return Math.sqrt(squares / prediction.length);
}

/** All four at once; throws RangeError where the lengths differ. */
export function metrics(prediction: Float64Array, target: Float64Array): Metrics {
  if (prediction.length !== target.length) {
    throw new RangeError(`${prediction.length} predictions for ${target.length} labels`);
  }
  return {
    n: prediction.length,
    srocc: srocc(prediction, target),
    plcc: plcc(prediction, target),
    krocc: krocc(prediction, target),
    rmse: rmse(prediction, target),
  };
}

function isUsable(a: Float64Array, b: Float64Array): boolean {
  return a.length >= 2 && isFinite(a) && isFinite(b);
}

function isFinite(values: Float64Array): boolean {
  return values.every(Number.isFinite);
}

function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

/** Differences from the mean, divided by the largest so that their squares neither overflow nor vanish. */
function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((total, value) => total + value / values.length, 0);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0);
  return values.map((value) => (value - mean) / largest);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * b[i]!, 0);
}

/** Rounding may carry a perfect correlation past 1. */
function clampToOne(correlation: number): number {
  return Math.max(-1, Math.min(1, correlation));
}

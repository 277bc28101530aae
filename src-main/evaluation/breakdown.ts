/** Metrics by fold, distortion type and level. */
import { srocc } from './metrics.ts';
import { quantile } from './quantile.ts';
import type { Metrics } from '../../src-shared/runs.ts';

/** SROCC within the images of one distortion type. */
export type DistortionRow = { type: string; n: number; srocc: number | null };
/** SROCC within the images of one distortion level. */
export type LevelRow = { level: number; n: number; srocc: number | null };

/**
 * SROCC per distortion type (paper, section 4.5) and, where levels are given, per level; in ascending order of type
 * (numbers in names compared as numbers) and level. Images without a type or level are left out.
 */
export function perDistortion(
  prediction: Float64Array,
  target: Float64Array,
  distortion: readonly (string | null)[],
  level: readonly (number | null)[] = [],
): { types: DistortionRow[]; levels: LevelRow[] } {
  const types = partition(distortion)
    .map(([type, images]) => ({ type, ...sroccOf(prediction, target, images) }))
    .sort((a, b) => a.type.localeCompare(b.type, 'en', { numeric: true }));
  const levels = partition(level)
    .map(([value, images]) => ({ level: value, ...sroccOf(prediction, target, images) }))
    .sort((a, b) => a.level - b.level);
  return { types, levels };
}

/** A statistic of each metric over the folds or repeats; null where the metric is undefined in one of them. */
export type FoldSummary = Omit<Metrics, 'n'>;

/** Mean and standard deviation (divisor: number of folds) of the folds' metrics. */
export function summariseFolds(folds: readonly Metrics[]): { mean: FoldSummary; std: FoldSummary } {
  return { mean: summarise(folds, mean), std: summarise(folds, std) };
}

/** Median and quartiles of the repeats' metrics, interpolated linearly as NumPy does. */
export function medianAndQuartiles(repeats: readonly Metrics[]): {
  median: FoldSummary;
  quartiles: { lower: FoldSummary; upper: FoldSummary };
} {
  const at = (share: number): FoldSummary => summarise(repeats, (values) => quantile(values, share));
  return { median: at(0.5), quartiles: { lower: at(0.25), upper: at(0.75) } };
}

function summarise(rows: readonly Metrics[], statistic: (values: readonly number[]) => number): FoldSummary {
  const of = (name: keyof FoldSummary): number | null => {
    const values = rows.flatMap((row) => row[name] ?? []);
    return rows.length > 0 && values.length === rows.length ? statistic(values) : null;
  };
  return { srocc: of('srocc'), plcc: of('plcc'), krocc: of('krocc'), rmse: of('rmse') };
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function std(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

function sroccOf(
  prediction: Float64Array,
  target: Float64Array,
  images: Int32Array,
): { n: number; srocc: number | null } {
  return { n: images.length, srocc: srocc(take(prediction, images), take(target, images)) };
}

/** The image indices of each value, in order of first appearance; null is no value. */
function partition<Value>(values: readonly (Value | null)[]): [Value, Int32Array][] {
  const parts = new Map<Value, number[]>();
  values.forEach((value, image) => {
    if (value === null) return;
    const part = parts.get(value);
    if (part === undefined) parts.set(value, [image]);
    else part.push(image);
  });
  return [...parts].map(([value, images]) => [value, Int32Array.from(images)]);
}

function take(values: Float64Array, images: Int32Array): Float64Array {
  return Float64Array.from(images, (image) => values[image]!);
}

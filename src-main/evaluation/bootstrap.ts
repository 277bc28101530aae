/** Percentile bootstrap intervals of the metrics (spec: 10,000 resamples, by group where there are groups). */
import { DEFAULT_RESAMPLES, percentileInterval, resample, UnitDraw, unitsOf } from './resampling.ts';
import { WeightedSample } from './weighted-sample.ts';
import type { Intervals, MetricName } from '../../src-shared/runs.ts';

export type BootstrapOptions = {
  /** Number of resamples, 10,000 unless given. */
  resamples?: number;
  /** Same seed and images: the same intervals. Two runs on the same images meet the same resamples. */
  seed: number;
  /** Group of each image: whole groups are drawn instead of images (cluster bootstrap). */
  groups?: readonly string[];
  /** Checked every 50 ms; ends with StudioError cancelled. */
  signal?: AbortSignal;
};

const METRIC_NAMES: readonly MetricName[] = ['srocc', 'plcc', 'krocc', 'rmse'];

/**
 * 95 % percentile intervals in the metric's own units. A resample on which a metric is undefined does not count for it;
 * a metric that is undefined on all of them has no interval, nor has any metric of fewer than two images or groups.
 */
export async function bootstrapIntervals(
  prediction: Float64Array,
  target: Float64Array,
  options: BootstrapOptions,
): Promise<Intervals> {
  const units = unitsOf(prediction.length, options.groups);
  const finite = prediction.every(Number.isFinite) && target.every(Number.isFinite);
  if (units.count < 2 || !finite) return {};
  const sample = new WeightedSample(prediction, target);
  const values: Record<MetricName, number[]> = { srocc: [], plcc: [], krocc: [], rmse: [] };
  const draw = new UnitDraw(units, options.seed);
  await resample(draw, options.resamples ?? DEFAULT_RESAMPLES, options.signal, (weights) => {
    for (const name of METRIC_NAMES) {
      const value = sample[name](weights);
      if (value !== null) values[name].push(value);
    }
  });
  return Object.fromEntries(
    METRIC_NAMES.filter((name) => values[name].length > 0).map((name) => [
      name,
      percentileInterval(values[name]),
    ]),
  );
}

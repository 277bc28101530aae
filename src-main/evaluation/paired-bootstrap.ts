/** Paired bootstrap of two models on the same images (spec/fusion.md: 10,000 resamples, by group where there are groups). */
import type { PairedMetric } from '../../src-shared/analysis.ts';
import type { BootstrapOptions } from './bootstrap.ts';
import { DEFAULT_RESAMPLES, percentileInterval, resample, UnitDraw, unitsOf } from './resampling.ts';
import { PairedSample } from './paired-sample.ts';

const METRIC_NAMES = ['srocc', 'plcc'] as const;

/** What a paired bootstrap gives; a metric is null where it is undefined for one of the models. */
export type PairedResult = {
  srocc: PairedMetric | null;
  plcc: PairedMetric | null;
  units: number;
  resamples: number;
};

/**
 * Differences model - baseline with percentile intervals: both meet the same resamples, so what makes both good or bad
 * cancels out. A resample on which a metric is undefined does not count for it.
 */
export async function pairedBootstrap(
  model: Float64Array,
  baseline: Float64Array,
  target: Float64Array,
  options: BootstrapOptions,
): Promise<PairedResult> {
  const units = unitsOf(target.length, options.groups);
  const resamples = options.resamples ?? DEFAULT_RESAMPLES;
  const finite = [model, baseline, target].every((values) => values.every(Number.isFinite));
  if (units.count < 2 || !finite) return { srocc: null, plcc: null, units: units.count, resamples };
  const sample = new PairedSample(model, baseline, target);
  const differences: Record<(typeof METRIC_NAMES)[number], number[]> = { srocc: [], plcc: [] };
  await resample(new UnitDraw(units, options.seed), resamples, options.signal, (weights) => {
    sample.draw(weights);
    for (const name of METRIC_NAMES) {
      const [a, b] = sample[name]();
      if (a !== null && b !== null) differences[name].push(a - b);
    }
  });
  sample.draw(new Int32Array(target.length).fill(1));
  const metric = (name: (typeof METRIC_NAMES)[number]): PairedMetric | null => {
    const [a, b] = sample[name]();
    const values = differences[name];
    if (a === null || b === null || values.length === 0) return null;
    return {
      run: a,
      baseline: b,
      difference: a - b,
      interval: percentileInterval(values),
      below: values.filter((value) => value < 0).length / values.length,
    };
  };
  return { srocc: metric('srocc'), plcc: metric('plcc'), units: units.count, resamples };
}

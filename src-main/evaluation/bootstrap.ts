/** Percentile bootstrap intervals of the metrics (spec: 10,000 resamples, by group where there are groups). */
import { StudioError } from '../../src-shared/errors.ts';
import { WeightedSample } from './weighted-sample.ts';
import type { Interval, Intervals, MetricName } from '../../src-shared/runs.ts';
import type { Weights } from './weighted-sample.ts';

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

const DEFAULT_RESAMPLES = 10_000;
/** Ends of a 95 % interval. */
const TAILS = [0.025, 0.975] as const;
/** The event loop gets its turn after so much work. */
const SLICE_MILLISECONDS = 50;
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
  const draw = new UnitDraw(units, options.seed);
  const values: Record<MetricName, number[]> = { srocc: [], plcc: [], krocc: [], rmse: [] };
  let pause = performance.now() + SLICE_MILLISECONDS;
  for (let i = 0; i < (options.resamples ?? DEFAULT_RESAMPLES); i++) {
    const weights = draw.next();
    for (const name of METRIC_NAMES) {
      const value = sample[name](weights);
      if (value !== null) values[name].push(value);
    }
    if (performance.now() > pause) {
      await new Promise((resolve) => setImmediate(resolve));
      if (options.signal?.aborted) throw new StudioError('cancelled', 'The bootstrap was cancelled');
      pause = performance.now() + SLICE_MILLISECONDS;
    }
  }
  return Object.fromEntries(
    METRIC_NAMES.filter((name) => values[name].length > 0).map((name) => [name, interval(values[name])]),
  );
}

/** What is drawn: images, or groups of images; `unit[i]` is the unit of image i. */
type Units = { count: number; unit: Int32Array };

function unitsOf(n: number, groups: readonly string[] | undefined): Units {
  if (groups === undefined) return { count: n, unit: Int32Array.from({ length: n }, (_, i) => i) };
  const numbers = new Map<string, number>();
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size);
  return { count: numbers.size, unit: Int32Array.from(groups, (group) => numbers.get(group)!) };
}

/** Draws units with replacement, by splitmix32 from the seed. */
class UnitDraw {
  readonly #units: Units;
  readonly #drawn: Int32Array;
  readonly #weights: Weights;
  #state: number;

  constructor(units: Units, seed: number) {
    this.#units = units;
    this.#drawn = new Int32Array(units.count);
    this.#weights = new Int32Array(units.unit.length);
    this.#state = seed | 0;
  }

  /** How often each image is in the next resample; the array is reused. */
  next(): Weights {
    const { count, unit } = this.#units;
    this.#drawn.fill(0);
    let state = this.#state;
    for (let k = 0; k < count; k++) {
      state = (state + 0x9e3779b9) | 0;
      let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      z = (z ^ (z >>> 16)) >>> 0;
      this.#drawn[Math.floor((z / 4294967296) * count)]!++;
    }
    this.#state = state;
    for (let i = 0; i < unit.length; i++) this.#weights[i] = this.#drawn[unit[i]!]!;
    return this.#weights;
  }
}

function interval(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, TAILS[0]), quantile(sorted, TAILS[1])];
}

/** Quantile of ascending values with linear interpolation (numpy.quantile's default). */
function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}

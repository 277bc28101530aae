/** What the bootstraps share: units that are drawn with replacement, and percentiles of what comes out. */
import { StudioError } from '../../src-shared/errors.ts';
import type { Interval } from '../../src-shared/runs.ts';
import { quantileOfSorted } from './quantile.ts';
import type { Weights } from './weighted-sample.ts';

/** Resamples unless a caller says otherwise (spec/fusion.md). */
export const DEFAULT_RESAMPLES = 10_000;
/** Ends of a 95 % interval. */
const TAILS = [0.025, 0.975] as const;
/** The event loop gets its turn after so much work. */
const SLICE_MILLISECONDS = 50;

/** What is drawn: images, or groups of images; `unit[i]` is the unit of image i. */
export type Units = { count: number; unit: Int32Array };

/** Every image a unit of its own, or every group one. */
export function unitsOf(n: number, groups: readonly string[] | undefined): Units {
  if (groups === undefined) return { count: n, unit: Int32Array.from({ length: n }, (_, i) => i) };
  const numbers = new Map<string, number>();
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size);
  return { count: numbers.size, unit: Int32Array.from(groups, (group) => numbers.get(group)!) };
}

/** Draws units with replacement, by splitmix32 from the seed. */
export class UnitDraw {
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

/**
 * Calls `each` with the weights of every resample, giving the event loop its turn every 50 ms.
 * Throws StudioError cancelled where the signal is aborted.
 */
export async function resample(
  draw: UnitDraw,
  resamples: number,
  signal: AbortSignal | undefined,
  each: (weights: Weights) => void,
): Promise<void> {
  let pause = performance.now() + SLICE_MILLISECONDS;
  for (let i = 0; i < resamples; i++) {
    each(draw.next());
    if (performance.now() <= pause) continue;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw new StudioError('cancelled', 'The bootstrap was cancelled');
    pause = performance.now() + SLICE_MILLISECONDS;
  }
}

/** The 95 % percentile interval of the values that the resamples gave; at least one value. */
export function percentileInterval(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  return [quantileOfSorted(sorted, TAILS[0]), quantileOfSorted(sorted, TAILS[1])];
}

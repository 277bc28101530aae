/**
 * Predictions and labels sorted once, so that the metrics of a resample, given as how often each image was drawn,
 * take O(n) (SROCC, PLCC, RMSE) or O(n log n) (KROCC) instead of a new sort each time.
 */
import { RankCounter } from './rank-counter.ts';
import { ascendingOrder, denseRanks } from './ranks.ts';

/** How often each image is in the sample, in the order of the original arrays. */
export type Weights = Int32Array;

/** One side: images in ascending order, their dense ranks, and deviations from the mean of all images. */
export class Side {
  readonly order: Int32Array;
  readonly ranks: Int32Array;
  readonly rankCount: number;
  /** Taking the overall mean away first keeps the sums of squares of a sample accurate. */
  readonly deviations: Float64Array;
  /** Average ranks of the present sample. */
  readonly sampleRanks: Float64Array;

  constructor(values: Float64Array) {
    this.order = ascendingOrder(values);
    const { ranks, count } = denseRanks(values);
    this.ranks = ranks;
    this.rankCount = count;
    const mean = values.reduce((total, value) => total + value / values.length, 0);
    this.deviations = values.map((value) => value - mean);
    this.sampleRanks = new Float64Array(values.length);
  }

  /** Where the images that share the value at place `start` of the order end. */
  endOfTie(start: number): number {
    const rank = this.ranks[this.order[start]!];
    let end = start + 1;
    while (end < this.order.length && this.ranks[this.order[end]!] === rank) end++;
    return end;
  }

  /** Fills `sampleRanks`; returns the size of the sample. */
  rank(weights: Weights): number {
    if (this.rankCount === this.order.length) return this.#rankWithoutTies(weights);
    let before = 0;
    let start = 0;
    while (start < this.order.length) {
      const end = this.endOfTie(start);
      let tied = 0;
      for (let k = start; k < end; k++) tied += weights[this.order[k]!]!;
      for (let k = start; k < end; k++) this.sampleRanks[this.order[k]!] = before + (tied + 1) / 2;
      before += tied;
      start = end;
    }
    return before;
  }

  /** Predictions are mostly all different: without a look for ties a paired bootstrap takes a quarter less time. */
  #rankWithoutTies(weights: Weights): number {
    const { order, sampleRanks } = this;
    let before = 0;
    for (let k = 0; k < order.length; k++) {
      const image = order[k]!;
      const weight = weights[image]!;
      sampleRanks[image] = before + (weight + 1) / 2;
      before += weight;
    }
    return before;
  }

  /** Whether the sample holds more than one value. */
  varies(weights: Weights): boolean {
    const first = this.ranks[weights.findIndex((weight) => weight > 0)];
    return weights.some((weight, i) => weight > 0 && this.ranks[i] !== first);
  }
}

export class WeightedSample {
  readonly #prediction: Side;
  readonly #target: Side;
  readonly #squaredErrors: Float64Array;
  readonly #counter: RankCounter;
  readonly #weightOfRank: Float64Array;

  /** Finite values, one pair per image. */
  constructor(prediction: Float64Array, target: Float64Array) {
    this.#prediction = new Side(prediction);
    this.#target = new Side(target);
    this.#squaredErrors = prediction.map((p, i) => (p - target[i]!) ** 2);
    this.#counter = new RankCounter(this.#target.rankCount);
    this.#weightOfRank = new Float64Array(this.#target.rankCount);
  }

  /** Spearman's rank correlation of the sample; null where a side is constant. */
  srocc(weights: Weights): number | null {
    const n = this.#prediction.rank(weights);
    this.#target.rank(weights);
    return weightedCorrelation(this.#prediction.sampleRanks, this.#target.sampleRanks, weights, (n + 1) / 2);
  }

  /** Pearson's correlation of the sample; null where a side is constant. */
  plcc(weights: Weights): number | null {
    if (!this.#prediction.varies(weights) || !this.#target.varies(weights)) return null;
    return weightedCorrelation(this.#prediction.deviations, this.#target.deviations, weights, 0);
  }

  /** Kendall's tau-b of the sample (Knight's method, SciPy's formula); null where a side is constant. */
  krocc(weights: Weights): number | null {
    const { order } = this.#prediction;
    const { ranks } = this.#target;
    this.#counter.clear();
    this.#weightOfRank.fill(0);
    let n = 0;
    let concordantLessDiscordant = 0;
    let tiedPredictions = 0;
    let tiedTargets = 0;
    let start = 0;
    while (start < order.length) {
      const end = this.#prediction.endOfTie(start);
      for (let k = start; k < end; k++) {
        const weight = weights[order[k]!]!;
        if (weight === 0) continue;
        const rank = ranks[order[k]!]!;
        const lower = this.#counter.below(rank);
        const higher = n - lower - this.#weightOfRank[rank]!;
        concordantLessDiscordant += weight * (lower - higher);
      }
      let tied = 0;
      for (let k = start; k < end; k++) {
        const weight = weights[order[k]!]!;
        if (weight === 0) continue;
        const rank = ranks[order[k]!]!;
        this.#counter.add(rank, weight);
        tiedTargets += weight * this.#weightOfRank[rank]! + pairs(weight);
        this.#weightOfRank[rank]! += weight;
        tied += weight;
      }
      n += tied;
      tiedPredictions += pairs(tied);
      start = end;
    }
    return ratio(concordantLessDiscordant, pairs(n) - tiedPredictions, pairs(n) - tiedTargets);
  }

  /** Root mean squared error of the sample. */
  rmse(weights: Weights): number {
    let n = 0;
    let squares = 0;
    for (let i = 0; i < weights.length; i++) {
      n += weights[i]!;
      squares += weights[i]! * this.#squaredErrors[i]!;
    }
    return Math.sqrt(squares / n);
  }
}

/** Pearson's correlation with multiplicities; `shift` is a value near both means (any value is correct). */
export function weightedCorrelation(
  a: Float64Array,
  b: Float64Array,
  weights: Weights,
  shift: number,
): number | null {
  let n = 0;
  let su = 0;
  let sv = 0;
  let uu = 0;
  let vv = 0;
  let uv = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    const u = a[i]! - shift;
    const v = b[i]! - shift;
    n += weight;
    su += weight * u;
    sv += weight * v;
    uu += weight * u * u;
    vv += weight * v * v;
    uv += weight * u * v;
  }
  return ratio(uv - (su * sv) / n, uu - (su * su) / n, vv - (sv * sv) / n);
}

/** a / sqrt(b c) within -1 and 1; null where b or c is not positive. */
function ratio(a: number, b: number, c: number): number | null {
  if (!(b > 0 && c > 0)) return null;
  return Math.max(-1, Math.min(1, a / Math.sqrt(b) / Math.sqrt(c)));
}

/** Number of pairs among `count` images. */
function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}

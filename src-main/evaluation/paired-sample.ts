/** Two models' predictions and one target, sorted once, for the correlations of many resamples (see weighted-sample.ts). */
import { Side, weightedCorrelation, type Weights } from './weighted-sample.ts';

/** A correlation of the model and one of the baseline; null where it is undefined. */
export type Pair = [model: number | null, baseline: number | null];

export class PairedSample {
  readonly #model: Side;
  readonly #baseline: Side;
  readonly #target: Side;
  #weights: Weights = new Int32Array(0);
  #n = 0;

  /** Finite values, one of each per image. */
  constructor(model: Float64Array, baseline: Float64Array, target: Float64Array) {
    this.#model = new Side(model);
    this.#baseline = new Side(baseline);
    this.#target = new Side(target);
  }

  /** Takes the next resample: ranks all three sides once. */
  draw(weights: Weights): void {
    this.#weights = weights;
    this.#n = this.#target.rank(weights);
    this.#model.rank(weights);
    this.#baseline.rank(weights);
  }

  /** Spearman's rank correlations of the resample. */
  srocc(): Pair {
    const middle = (this.#n + 1) / 2;
    const of = (side: Side): number | null =>
      weightedCorrelation(side.sampleRanks, this.#target.sampleRanks, this.#weights, middle);
    return [of(this.#model), of(this.#baseline)];
  }

  /** Pearson's correlations of the resample. */
  plcc(): Pair {
    const varies = this.#target.varies(this.#weights);
    const of = (side: Side): number | null =>
      varies && side.varies(this.#weights)
        ? weightedCorrelation(side.deviations, this.#target.deviations, this.#weights, 0)
        : null;
    return [of(this.#model), of(this.#baseline)];
  }
}

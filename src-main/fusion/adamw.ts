/** AdamW with gradient-norm clipping, with the meaning that PyTorch gives it. */

/** Decay rates and epsilon of the paper (section 2.7), PyTorch's defaults. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** torch.nn.utils.clip_grad_norm_ adds this to the norm before dividing. */
const CLIP_EPSILON = 1e-6;

export type AdamWOptions = {
  /** Decoupled weight decay, applied to all parameters. */
  weightDecay: number;
  /** Largest L2 norm of the whole gradient. */
  clip: number;
};

/** The optimizer's state for one flat parameter vector. */
export class AdamW {
  readonly #options: AdamWOptions;
  readonly #mean: Float32Array;
  readonly #square: Float32Array;
  #steps = 0;

  /** `size`: number of parameters. */
  constructor(size: number, options: AdamWOptions) {
    this.#options = options;
    this.#mean = new Float32Array(size);
    this.#square = new Float32Array(size);
  }

  /** One step: updates `parameters` in place from `gradient` (same length) with learning rate `lr`. */
  step(parameters: Float32Array, gradient: Float32Array, lr: number): void {
    this.#steps++;
    const norm = Math.sqrt(sumOfSquares(gradient));
    const clip = Math.min(1, this.#options.clip / (norm + CLIP_EPSILON));
    const correction1 = 1 - BETA1 ** this.#steps;
    const correction2 = 1 - BETA2 ** this.#steps;
    update(parameters, gradient, this.#mean, this.#square, {
      meanGain: (1 - BETA1) * clip,
      squareGain: (1 - BETA2) * clip * clip,
      keep: 1 - lr * this.#options.weightDecay,
      stepSize: lr / correction1,
      rootGain: 1 / Math.sqrt(correction2),
    });
  }
}

type UpdateFactors = {
  meanGain: number;
  squareGain: number;
  keep: number;
  stepSize: number;
  rootGain: number;
};

/** Clip, both moments, decay and step in one pass over memory. */
function update(
  p: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  factors: UpdateFactors,
): void {
  const { meanGain, squareGain, keep, stepSize, rootGain } = factors;
  for (let i = 0; i < p.length; i++) {
    const gradient = g[i]!;
    const mean = BETA1 * m[i]! + meanGain * gradient;
    const square = BETA2 * v[i]! + squareGain * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    p[i] = keep * p[i]! - (stepSize * mean) / (Math.sqrt(square) * rootGain + EPSILON);
  }
}

/** Four running sums, so that the additions do not wait for each other. */
function sumOfSquares(values: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * values[i]!;
    b += values[i + 1]! * values[i + 1]!;
    c += values[i + 2]! * values[i + 2]!;
    d += values[i + 3]! * values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * values[i]!;
  return a + b + c + d;
}

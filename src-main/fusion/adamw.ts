/** AdamW with gradient-norm clipping, with the meaning that PyTorch gives it, in one pass over memory (wasm/assembly/adamw.ts). */
import type { FusionKernel } from './kernel.ts';

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

/** One flat parameter vector with its gradient and the optimizer's state, all in the kernel's memory. */
export class AdamW {
  readonly parameters: Float32Array;
  /** Where the gradient of the next step is expected. */
  readonly gradient: Float32Array;
  readonly #kernel: FusionKernel;
  readonly #options: AdamWOptions;
  readonly #mean: Float32Array;
  readonly #square: Float32Array;
  #steps = 0;

  /** Takes over `initial` parameters; needs `AdamW.bytes` of the kernel's memory. */
  constructor(kernel: FusionKernel, initial: Float32Array, options: AdamWOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.parameters = kernel.float32(initial.length);
    this.parameters.set(initial);
    this.gradient = kernel.float32(initial.length);
    this.#mean = kernel.float32(initial.length);
    this.#square = kernel.float32(initial.length);
  }

  /** Kernel memory for `size` parameters. */
  static bytes(size: number): number {
    return 16 * size;
  }

  /** One step: updates `parameters` from `gradient` with learning rate `lr`. */
  step(lr: number): void {
    const { run } = this.#kernel;
    const n = this.parameters.length;
    this.#steps++;
    const norm = Math.sqrt(run.sumOfSquares(this.gradient.byteOffset, n));
    const clip = Math.min(1, this.#options.clip / (norm + CLIP_EPSILON));
    // m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon), with the root of the second correction taken out of the divisor.
    const correction = Math.sqrt(1 - BETA2 ** this.#steps);
    run.adamW(
      this.parameters.byteOffset,
      this.gradient.byteOffset,
      this.#mean.byteOffset,
      this.#square.byteOffset,
      n,
      BETA1,
      BETA2,
      (1 - BETA1) * clip,
      (1 - BETA2) * clip * clip,
      1 - lr * this.#options.weightDecay,
      (lr * correction) / (1 - BETA1 ** this.#steps),
      EPSILON * correction,
    );
  }
}

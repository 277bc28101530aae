/** Dropout masks: for each hidden layer, fresh zeros and gain / (1 - rate) in every step. */
import { seedState } from './random.ts';
import type { FusionKernel } from './kernel.ts';

export class Dropout {
  readonly #kernel: FusionKernel;
  readonly #state: Uint32Array;
  readonly #threshold: number;
  readonly #kept: number;

  /** `rate`: share of zeros, met within 2^-17; the draws are those of `new Random(seed)`. Needs 16 bytes of the kernel. */
  constructor(kernel: FusionKernel, seed: number, rate: number, gain: number) {
    this.#kernel = kernel;
    this.#state = kernel.uint32(4);
    this.#state.set(seedState(seed));
    this.#threshold = Math.round(rate * 65536);
    this.#kept = gain / (1 - rate);
  }

  /** Fills the first `length` entries of a mask in the kernel's memory. Each draw of 32 bits decides two entries. */
  fill(mask: Float32Array, length = mask.length): void {
    const { run } = this.#kernel;
    run.fillDropoutMask(mask.byteOffset, length, this.#threshold, this.#kept, this.#state.byteOffset);
  }
}

/** Dropout masks: for each hidden layer, fresh zeros and 1 / (1 - rate) in every step. */
import { Random, seedState } from './random.ts';
import type { FusionKernel } from './kernel.ts';

/** Generators that draw side by side, each seeded with a draw of `new Random(seed)`. */
const GENERATORS = 4;

/** Draws masks; see wasm/assembly/dropout.ts for which draw decides which entry. */
export class Dropout {
  /** Memory of the kernel that an instance needs. */
  static readonly bytes = 16 * GENERATORS;

  readonly #kernel: FusionKernel;
  readonly #state: Uint32Array;
  readonly #threshold: number;
  readonly #kept: number;

  /** `rate`: share of zeros, met within 2^-17. */
  constructor(kernel: FusionKernel, seed: number, rate: number) {
    this.#kernel = kernel;
    this.#state = kernel.uint32(4 * GENERATORS);
    const seeds = new Random(seed);
    for (let g = 0; g < GENERATORS; g++)
      seedState(seeds.bits()).forEach((word, w) => (this.#state[w * GENERATORS + g] = word));
    this.#threshold = Math.round(rate * 65536);
    this.#kept = 1 / (1 - rate);
  }

  /** Fills the first `length` entries of a mask in the kernel's memory. */
  fill(mask: Float32Array, length = mask.length): void {
    const { run } = this.#kernel;
    run.fillDropoutMask(mask.byteOffset, length, this.#threshold, this.#kept, this.#state.byteOffset);
  }
}

/** What the loss needs of a batch's targets (LossInputs in loss.ts), in the kernel's memory. */
import { floatTensor } from '../graph/runtime.ts';
import type { FusionKernel } from './kernel.ts';
import type { Ort, OrtTensor } from '../graph/runtime.ts';

/** Pairs whose targets differ by no more than this do not take part in the ranking (equation 15). */
const SMALLEST_DIFFERENCE = 1e-3;

export class LossBatch {
  readonly #ort: Ort;
  readonly #kernel: FusionKernel;
  /** Where a batch's targets are put before `fill`. */
  readonly targets: Float32Array;
  readonly #centred: Float32Array;
  readonly #signs: Float32Array;
  readonly #scalars = {
    squares: new Float32Array(1),
    perImage: new Float32Array(1),
    perPair: new Float32Array(1),
  };

  /** For batches of up to `size` targets; needs `LossBatch.bytes` of the kernel's memory. */
  constructor(ort: Ort, kernel: FusionKernel, size: number) {
    this.#ort = ort;
    this.#kernel = kernel;
    this.targets = kernel.float32(size);
    this.#centred = kernel.float32(size);
    this.#signs = kernel.float32(size * size);
  }

  static bytes(size: number): number {
    return 4 * (2 * size + size * size);
  }

  /** Computes the inputs for the first `n` targets. */
  fill(n: number): void {
    const { targets } = this;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += targets[i]!;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const difference = targets[i]! - sum / n;
      this.#centred[i] = difference;
      squares += difference * difference;
    }
    const { run } = this.#kernel;
    const pairs = run.pairSigns(targets.byteOffset, n, SMALLEST_DIFFERENCE, this.#signs.byteOffset);
    this.#scalars.squares[0] = squares;
    this.#scalars.perImage[0] = 1 / n;
    this.#scalars.perPair[0] = pairs === 0 ? 0 : 1 / pairs;
  }

  /** The inputs of a batch of `n` as tensors over this memory; they hold what the last `fill` put there. */
  tensors(n: number): Record<string, OrtTensor> {
    const tensor = (values: Float32Array, rows: number, columns: number): OrtTensor =>
      floatTensor(this.#ort, values.subarray(0, rows * columns), [rows, columns]);
    return {
      target: tensor(this.targets, n, 1),
      centred: tensor(this.#centred, n, 1),
      signs: tensor(this.#signs, n, n),
      squares: tensor(this.#scalars.squares, 1, 1),
      perImage: tensor(this.#scalars.perImage, 1, 1),
      perPair: tensor(this.#scalars.perPair, 1, 1),
    };
  }
}

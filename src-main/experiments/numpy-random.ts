/**
 * numpy.random.RandomState (MT19937, legacy seeding by an integer), as far as scikit-learn's folds need it:
 * the same seed gives the same permutation, bit for bit.
 */
const STATE_LENGTH = 624;
const MIDDLE = 397;

export class NumpyRandomState {
  readonly #state = new Uint32Array(STATE_LENGTH);
  #position = STATE_LENGTH;

  /** `seed`: an integer from 0 to 2^32 - 1. */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < STATE_LENGTH; i++) {
      const previous = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** RandomState(seed).permutation(n). */
  permutation(n: number): Int32Array {
    const values = Int32Array.from({ length: n }, (_, i) => i);
    this.shuffle(values);
    return values;
  }

  /** RandomState.shuffle of a one-dimensional array, in place. */
  shuffle(values: Int32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.#interval(i);
      const kept = values[i]!;
      values[i] = values[j]!;
      values[j] = kept;
    }
  }

  /** Uniform in 0 .. max: draws are masked to the bits of `max` and thrown away while above it. */
  #interval(max: number): number {
    const mask = 0xffffffff >>> Math.clz32(max);
    let value = this.#next() & mask;
    while (value > max) value = this.#next() & mask;
    return value;
  }

  /** The next 32 bits, tempered. */
  #next(): number {
    if (this.#position === STATE_LENGTH) this.#twist();
    let y = this.#state[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    for (let i = 0; i < STATE_LENGTH; i++) {
      const next = this.#state[(i + 1) % STATE_LENGTH]!;
      const y = (this.#state[i]! & 0x80000000) | (next & 0x7fffffff);
      const mixed = this.#state[(i + MIDDLE) % STATE_LENGTH]! ^ (y >>> 1);
      this.#state[i] = y & 1 ? mixed ^ 0x9908b0df : mixed;
    }
    this.#position = 0;
  }
}

import { SPLITMIX_STEP, splitmix32 } from '../../src-shared/random.ts';

/**
 * The seeded generator of training: xoshiro128** 1.1 (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c),
 * its 128 bits of state filled from a 32-bit seed by splitmix32. The same seed gives the same numbers everywhere.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: an integer, taken modulo 2^32. */
  constructor(seed: number) {
    [this.#a, this.#b, this.#c, this.#d] = seedState(seed);
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const times5 = Math.imul(this.#b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Puts `values` into random order, in place (Fisher-Yates). */
  shuffle(values: Int32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      const kept = values[i] ?? 0;
      values[i] = values[j] ?? 0;
      values[j] = kept;
    }
  }
}

/** The generator's four words of state for a seed. */
export function seedState(seed: number): [number, number, number, number] {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + SPLITMIX_STEP) | 0;
    return splitmix32(state);
  };
  return [next(), next(), next(), next()];
}

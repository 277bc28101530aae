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
    let state = seed >>> 0;
    const splitmix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return z ^ (z >>> 16);
    };
    this.#a = splitmix();
    this.#b = splitmix();
    this.#c = splitmix();
    this.#d = splitmix();
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

  /**
   * Fills a dropout mask: 0 with probability `rate`, else 1 / (1 - rate).
   * Each draw of 32 bits decides two entries (16 bits each), so `rate` is met within 2^-17.
   */
  fillDropoutMask(mask: Float32Array, rate: number): void {
    const threshold = Math.round(rate * 65536);
    const kept = 1 / (1 - rate);
    // The generator's step written out on locals: through the fields it takes four times as long.
    let [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d];
    for (let i = 0; i < mask.length; i += 2) {
      const times5 = Math.imul(b, 5);
      const bits = Math.imul((times5 << 7) | (times5 >>> 25), 9);
      c ^= a;
      const shifted = b << 9;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      mask[i] = (bits & 0xffff) < threshold ? 0 : kept;
      // Past the end for an odd length: a typed array ignores the write.
      mask[i + 1] = bits >>> 16 < threshold ? 0 : kept;
    }
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }
}

/** The small generator behind the studio's seeds; zones that may not import one another share it. */

/** What the state advances by before each number. */
export const SPLITMIX_STEP = 0x9e3779b9;

/** 32 random bits, as a signed integer, of a state: splitmix32 (Steele, Lea and Flood 2014, with MurmurHash3's finaliser). */
export function splitmix32(state: number): number {
  let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

// Weights have 22 fractional bits and a sign; a 16-bit multiplication takes 15 bits and a sign. So a weight w is kept
// as w = high * 2048 + low with 0 <= low < 2048, and a sum of products as two sums. They wrap at 32 bits where Pillow's
// own would not overflow: arithmetic modulo 2^32 makes the total exact.

/** Added to the low sum: half of 2^22, so that the shift rounds. */
// @ts-ignore: decorator
@inline
export function half(): v128 {
  return i32x4.splat(1 << 21);
}

/** (high * 2048 + low) >> 22 of each lane. */
// @ts-ignore: decorator
@inline
export function total(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.shl(high, 11), low), 22);
}

// Vertical pass: a row is a weighted sum of the rows of the horizontal pass, which lie in a ring.

import { half, total } from './fixed-point';

/**
 * One row of `bytes` bytes, a multiple of 16. `first` is the row of the first tap; the row after the ring's last one
 * (at `ringEnd`) is its first (at `ring`). `weights` holds `pairs` times 8 bytes: the high and the low parts (i16) of
 * two taps.
 */
export function mixRows(
  ring: usize,
  ringEnd: usize,
  stride: usize,
  first: usize,
  target: usize,
  weights: usize,
  bytes: usize,
  pairs: i32,
): void {
  for (let x: usize = 0; x < bytes; x += 16) {
    let high0 = i32x4.splat(0), high1 = i32x4.splat(0), high2 = i32x4.splat(0), high3 = i32x4.splat(0);
    let low0 = half(), low1 = half(), low2 = half(), low3 = half();
    let row = first;
    for (let p = 0; p < pairs; p++) {
      const upper = v128.load(row + x);
      row = next(row, stride, ring, ringEnd);
      const lower = v128.load(row + x);
      row = next(row, stride, ring, ringEnd);
      const high = v128.load32_splat(weights + (p << 3));
      const low = v128.load32_splat(weights + (p << 3), 4);
      // Each lane of four bytes: the two rows' samples of one column, then of the next.
      const left = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const right = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const c0 = i16x8.extend_low_i8x16_u(left);
      high0 = i32x4.add(high0, i32x4.dot_i16x8_s(c0, high));
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(c0, low));
      const c1 = i16x8.extend_high_i8x16_u(left);
      high1 = i32x4.add(high1, i32x4.dot_i16x8_s(c1, high));
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(c1, low));
      const c2 = i16x8.extend_low_i8x16_u(right);
      high2 = i32x4.add(high2, i32x4.dot_i16x8_s(c2, high));
      low2 = i32x4.add(low2, i32x4.dot_i16x8_s(c2, low));
      const c3 = i16x8.extend_high_i8x16_u(right);
      high3 = i32x4.add(high3, i32x4.dot_i16x8_s(c3, high));
      low3 = i32x4.add(low3, i32x4.dot_i16x8_s(c3, low));
    }
    const left = i16x8.narrow_i32x4_s(total(high0, low0), total(high1, low1));
    const right = i16x8.narrow_i32x4_s(total(high2, low2), total(high3, low3));
    v128.store(target + x, i8x16.narrow_i16x8_u(left, right));
  }
}

// @ts-ignore: decorator
@inline
function next(row: usize, stride: usize, ring: usize, ringEnd: usize): usize {
  const after = row + stride;
  return after == ringEnd ? ring : after;
}

// Horizontal pass: every pixel is a weighted sum of neighbours in its row.

import { half, total } from './fixed-point';

/**
 * One row of RGB bytes to `columns` pixels. `starts` holds the byte offset in the row of each pixel's first tap (i32).
 * `weights` holds per pixel `quads` times 16 bytes: the high and the low parts (i16) of taps 0 and 1, then of taps 2
 * and 3. Reads up to 15 bytes beyond the last tap, writes one beyond the last pixel.
 */
export function resizeRow(
  source: usize,
  target: usize,
  starts: usize,
  weights: usize,
  columns: i32,
  quads: i32,
): void {
  const end = target + 3 * columns;
  const weightBytes = usize(quads) << 4;
  while (target < end) {
    let from = source + load<i32>(starts);
    const last = weights + weightBytes;
    let high = i32x4.splat(0);
    let low = half();
    while (weights < last) {
      const four = v128.load(from);
      // Lanes: R of two taps, G of two taps, B of two taps, nothing.
      const front = i8x16.swizzle(four, i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
      const back = i8x16.swizzle(four, i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
      high = i32x4.add(high, i32x4.dot_i16x8_s(front, v128.load32_splat(weights)));
      low = i32x4.add(low, i32x4.dot_i16x8_s(front, v128.load32_splat(weights, 4)));
      high = i32x4.add(high, i32x4.dot_i16x8_s(back, v128.load32_splat(weights, 8)));
      low = i32x4.add(low, i32x4.dot_i16x8_s(back, v128.load32_splat(weights, 12)));
      from += 12;
      weights += 16;
    }
    const words = i16x8.narrow_i32x4_s(total(high, low), high);
    v128.store32_lane(target, i8x16.narrow_i16x8_u(words, words), 0);
    target += 3;
    starts += 4;
  }
}

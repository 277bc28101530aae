// Features 48-56: share of leading decimal digits of Q over the pixels with Q >= 1, from the histogram.

import { HISTOGRAM, PIXELS, output } from './layout';

/** Needs the histograms of the tile. */
export function digitFeatures(blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    const histogram = HISTOGRAM + b * 512;
    const total = PIXELS - <i32>load<u16>(histogram);
    for (let digit = 1; digit <= 9; digit++) {
      let count = countRange(histogram, digit, digit + 1) + countRange(histogram, digit * 10, digit * 10 + 10);
      if (digit == 1) count += countRange(histogram, 100, 200);
      if (digit == 2) count += countRange(histogram, 200, 256);
      output(b, 47 + digit, total > 0 ? f64(count) / f64(total) : 0.0);
    }
  }
}

/** Pixels with from <= Q < to. */
function countRange(histogram: usize, from: i32, to: i32): i32 {
  let count = 0;
  for (let value = from; value < to; value++) count += <i32>load<u16>(histogram + (value << 1));
  return count;
}

// Features 0-4: mean, std, skewness, kurtosis of luma, entropy of the histogram of Q. Moments in float64.

import { BLOCK, HISTOGRAM, PIXELS, PLANE_I32, output, planeOffset } from './layout';
import { sumF64, upperHalf } from './lanes';
import { blockMean } from './planes';

/** c * log2(c) for counts c = 0 .. 1024. */
const COUNT_LOG: usize = memory.data(1025 * 8, 16);

export function initIntensity(): void {
  for (let c = 2; c <= PIXELS; c++) store<f64>(COUNT_LOG + c * 8, f64(c) * Math.log2(f64(c)));
}

/** Needs the planes and the histograms of the tile. */
export function intensityFeatures(blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    lumaMoments(b);
    output(b, 4, entropyBits(HISTOGRAM + b * 512));
  }
}

function lumaMoments(b: i32): void {
  const mean = blockMean(b);
  const centre = f64x2.splat(mean);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  let sum4 = f64x2.splat(0);
  for (let y = 0; y < BLOCK; y++) {
    const address = PLANE_I32 + planeOffset(b, y);
    for (let x = 0; x < 128; x += 16) {
      const s = v128.load(address + x);
      const low = f64x2.sub(f64x2.convert_low_i32x4_s(s), centre);
      const high = f64x2.sub(f64x2.convert_low_i32x4_s(upperHalf(s)), centre);
      const low2 = f64x2.mul(low, low);
      const high2 = f64x2.mul(high, high);
      sum2 = f64x2.add(sum2, f64x2.add(low2, high2));
      sum3 = f64x2.add(sum3, f64x2.add(f64x2.mul(low, low2), f64x2.mul(high, high2)));
      sum4 = f64x2.add(sum4, f64x2.add(f64x2.mul(low2, low2), f64x2.mul(high2, high2)));
    }
  }
  const m2 = sumF64(sum2) / 1024.0;
  const m3 = sumF64(sum3) / 1024.0;
  const m4 = sumF64(sum4) / 1024.0;
  // The sums are in thousandths of luma; skewness and kurtosis have no unit. 1e-6 luma^2 is 1 here.
  const flat = m2 < 1.0;
  output(b, 0, mean * 1e-3);
  output(b, 1, Math.sqrt(m2) * 1e-3);
  output(b, 2, flat ? 0.0 : m3 / (m2 * Math.sqrt(m2)));
  output(b, 3, flat ? 0.0 : m4 / (m2 * m2) - 3.0);
}

/** log2(n) - sum(c log2 c) / n, the entropy of counts c that sum to n = 1024. */
function entropyBits(histogram: usize): f64 {
  let even: f64 = 0;
  let odd: f64 = 0;
  for (let i: usize = 0; i < 512; i += 4) {
    even += load<f64>(COUNT_LOG + (<usize>load<u16>(histogram + i) << 3));
    odd += load<f64>(COUNT_LOG + (<usize>load<u16>(histogram + i, 2) << 3));
  }
  return 10.0 - (even + odd) / 1024.0;
}

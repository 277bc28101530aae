// Features 57-68: mean, std, skewness of R, G, B, and their covariances. All sums are exact integers.

import { BLOCK, output, rgbAddress } from './layout';
import { blue, green, red } from './rgb';
import { sumI32, sumU32 } from './lanes';

/** Needs the RGB bytes of the tile. */
export function colorFeatures(blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    const zero = i64x2.splat(0);
    let r1 = zero, g1 = zero, b1 = zero;
    let r2 = zero, g2 = zero, b2 = zero;
    let r3 = zero, g3 = zero, b3 = zero;
    let rg = zero, rb = zero, gb = zero;
    for (let y = 0; y < BLOCK; y++) {
      const row = rgbAddress(b, y);
      for (let x: usize = 0; x < 96; x += 24) {
        const low = v128.load(row + x);
        const high = v128.load(row + x, 8);
        const vr = red(low, high);
        const vg = green(low, high);
        const vb = blue(low, high);
        // Ranges: a u16 lane holds 255^2; 128 values of 255 fit an i16 lane, 256 cubes of 255 fit a u32 lane.
        r1 = i16x8.add(r1, vr);
        g1 = i16x8.add(g1, vg);
        b1 = i16x8.add(b1, vb);
        const rr = i16x8.mul(vr, vr);
        const gg = i16x8.mul(vg, vg);
        const bb = i16x8.mul(vb, vb);
        r2 = i32x4.add(r2, i32x4.extadd_pairwise_i16x8_u(rr));
        g2 = i32x4.add(g2, i32x4.extadd_pairwise_i16x8_u(gg));
        b2 = i32x4.add(b2, i32x4.extadd_pairwise_i16x8_u(bb));
        r3 = i32x4.add(r3, products(rr, vr));
        g3 = i32x4.add(g3, products(gg, vg));
        b3 = i32x4.add(b3, products(bb, vb));
        rg = i32x4.add(rg, i32x4.extadd_pairwise_i16x8_u(i16x8.mul(vr, vg)));
        rb = i32x4.add(rb, i32x4.extadd_pairwise_i16x8_u(i16x8.mul(vr, vb)));
        gb = i32x4.add(gb, i32x4.extadd_pairwise_i16x8_u(i16x8.mul(vg, vb)));
      }
    }
    const sumR = sumI16(r1);
    const sumG = sumI16(g1);
    const sumB = sumI16(b1);
    channel(b, 57, sumR, i64(sumI32(r2)), sumU32(r3));
    channel(b, 60, sumG, i64(sumI32(g2)), sumU32(g3));
    channel(b, 63, sumB, i64(sumI32(b2)), sumU32(b3));
    covariance(b, 66, sumR, sumG, i64(sumI32(rg)));
    covariance(b, 67, sumR, sumB, i64(sumI32(rb)));
    covariance(b, 68, sumG, sumB, i64(sumI32(gb)));
  }
}

/** The eight u32 products of two u16 vectors, added in pairs. */
// @ts-ignore: decorator
@inline
function products(a: v128, b: v128): v128 {
  return i32x4.add(i32x4.extmul_low_i16x8_u(a, b), i32x4.extmul_high_i16x8_u(a, b));
}

// @ts-ignore: decorator
@inline
function sumI16(v: v128): i64 {
  return i64(sumI32(i32x4.extadd_pairwise_i16x8_u(v)));
}

/** Central moments from power sums over n = 1024, times n^2 and n^3 exact in i64. */
function channel(b: i32, index: i32, s1: i64, s2: i64, s3: i64): void {
  const n2m2: i64 = (s2 << 10) - s1 * s1;
  const n3m3: i64 = (s3 << 20) - s1 * s2 * 3072 + s1 * s1 * s1 * 2;
  const m2 = f64(n2m2) / 1048576.0;
  const m3 = f64(n3m3) / 1073741824.0;
  output(b, index, f64(s1) / 1024.0);
  output(b, index + 1, Math.sqrt(m2));
  output(b, index + 2, m2 < 1e-6 ? 0.0 : m3 / (m2 * Math.sqrt(m2)));
}

function covariance(b: i32, index: i32, sumA: i64, sumB: i64, sumProduct: i64): void {
  const scaled: i64 = (sumProduct << 10) - sumA * sumB;
  output(b, index, f64(scaled) / 1048576.0);
}

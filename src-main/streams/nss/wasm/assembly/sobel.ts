// Features 5-8: mean and variance of |Gx| and |Gy|. All sums are exact integers: in thousandths a gradient is below
// 2^20, its square summed over a block below 2^50 (plain float32 would lose 6e-5 of the variance).

import { BLOCK, PLANE_I32, PLANE_STRIDE, output, planeOffset } from './layout';
import { sumI32, sumI64 } from './lanes';

/** Needs the planes of the tile. */
export function sobelFeatures(blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    let sumX = i32x4.splat(0);
    let sumY = i32x4.splat(0);
    let squaresX = i64x2.splat(0);
    let squaresY = i64x2.splat(0);
    for (let y = 0; y < BLOCK; y++) {
      const middle = PLANE_I32 + planeOffset(b, y);
      for (let x: usize = 0; x < 128; x += 16) {
        const above = middle + x - PLANE_STRIDE;
        const here = middle + x;
        const below = middle + x + PLANE_STRIDE;
        const aboveLeft = v128.load(above - 4);
        const aboveRight = v128.load(above, 4);
        const belowLeft = v128.load(below - 4);
        const belowRight = v128.load(below, 4);
        // The corners enter both gradients: Gx = diagonal + antidiagonal + ..., Gy = diagonal - antidiagonal + ...
        const diagonal = i32x4.sub(belowRight, aboveLeft);
        const antidiagonal = i32x4.sub(aboveRight, belowLeft);
        const across = i32x4.shl(i32x4.sub(v128.load(here, 4), v128.load(here - 4)), 1);
        const down = i32x4.shl(i32x4.sub(v128.load(below), v128.load(above)), 1);
        const gx = i32x4.abs(i32x4.add(i32x4.add(diagonal, antidiagonal), across));
        const gy = i32x4.abs(i32x4.add(i32x4.sub(diagonal, antidiagonal), down));
        sumX = i32x4.add(sumX, gx);
        sumY = i32x4.add(sumY, gy);
        squaresX = i64x2.add(squaresX, squares(gx));
        squaresY = i64x2.add(squaresY, squares(gy));
      }
    }
    writeMoments(b, 5, i64(sumI32(sumX)), sumI64(squaresX));
    writeMoments(b, 7, i64(sumI32(sumY)), sumI64(squaresY));
  }
}

// @ts-ignore: decorator
@inline
function squares(g: v128): v128 {
  return i64x2.add(i64x2.extmul_low_i32x4_u(g, g), i64x2.extmul_high_i32x4_u(g, g));
}

function writeMoments(b: i32, index: i32, sum: i64, sumOfSquares: i64): void {
  const scaled: i64 = (sumOfSquares << 10) - sum * sum;
  output(b, index, (f64(sum) / 1024.0) * 1e-3);
  output(b, index + 1, (f64(scaled) / 1048576.0) * 1e-6);
}

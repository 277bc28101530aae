// RGB bytes of the tile to the luma planes S, integers in thousandths (nss.md, Input).

import { BLOCK, HALO, PLANE_F32, PLANE_I32, PLANE_STRIDE, RGB, RGB_STRIDE, TILE_ROWS, planeOffset } from './layout';
import { blue, green, red } from './rgb';
import { sumI32 } from './lanes';

/** Fills both planes for a tile of `blocks` blocks, halo included. */
export function fillPlanes(blocks: i32): void {
  const columns = blocks * BLOCK + 2 * HALO;
  const redGreen = i16x8(299, 587, 299, 587, 299, 587, 299, 587);
  const blueOnly = i16x8(114, 0, 114, 0, 114, 0, 114, 0);
  for (let row = 0; row < TILE_ROWS; row++) {
    let source: usize = RGB + row * RGB_STRIDE;
    let offset: usize = row * PLANE_STRIDE;
    for (let x = 0; x < columns; x += 8) {
      const low = v128.load(source);
      const high = v128.load(source, 8);
      const r = red(low, high);
      const g = green(low, high);
      const b = blue(low, high);
      const zero = i64x2.splat(0);
      const first = i32x4.add(
        i32x4.dot_i16x8_s(v128.shuffle<i16>(r, g, 0, 8, 1, 9, 2, 10, 3, 11), redGreen),
        i32x4.dot_i16x8_s(v128.shuffle<i16>(b, zero, 0, 8, 1, 9, 2, 10, 3, 11), blueOnly),
      );
      const second = i32x4.add(
        i32x4.dot_i16x8_s(v128.shuffle<i16>(r, g, 4, 12, 5, 13, 6, 14, 7, 15), redGreen),
        i32x4.dot_i16x8_s(v128.shuffle<i16>(b, zero, 4, 12, 5, 13, 6, 14, 7, 15), blueOnly),
      );
      v128.store(PLANE_I32 + offset, first);
      v128.store(PLANE_I32 + offset, second, 16);
      v128.store(PLANE_F32 + offset, f32x4.convert_i32x4_s(first));
      v128.store(PLANE_F32 + offset, f32x4.convert_i32x4_s(second), 16);
      source += 24;
      offset += 32;
    }
  }
}

/** Mean of S over block `b`, exact: the sum is an integer below 2^28, the divisor a power of two. */
export function blockMean(b: i32): f64 {
  let sum = i32x4.splat(0);
  for (let y = 0; y < BLOCK; y++) {
    const address = PLANE_I32 + planeOffset(b, y);
    for (let x = 0; x < 128; x += 16) sum = i32x4.add(sum, v128.load(address + x));
  }
  return f64(sumI32(sum)) / 1024.0;
}

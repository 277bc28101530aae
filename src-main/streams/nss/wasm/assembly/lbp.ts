// Features 9-23: histogram of the uniform rotation-invariant local binary patterns, P = 13, R = 2.
//
// Samples k and 13 - k lie in one column, so six horizontal interpolations, each over all rows of the block, serve
// the twelve bilinear samples. Sixteen pixels at a time in float32; where a sample comes within NEAR of the
// threshold, float32 may have it on the wrong side, and the pixel is done again in float64.

import { BLOCK, PLANE_F32, PLANE_STRIDE, TILE_ROWS, output, planeOffset } from './layout';
import { sumI32 } from './lanes';

const SAMPLES: i32 = 13;
/** Offsets (2 cos, -2 sin) of the samples, rounded to five decimals. */
const DX: usize = memory.data<f64>([
  2.0, 1.77091, 1.13613, 0.24107, -0.70921, -1.49702, -1.94188, -1.94188, -1.49702, -0.70921, 0.24107, 1.13613, 1.77091,
]);
const DY: usize = memory.data<f64>([
  0.0, -0.92945, -1.64597, -1.98542, -1.87003, -1.32625, -0.47863, 0.47863, 1.32625, 1.87003, 1.98542, 1.64597, 0.92945,
]);

/** Half a thousandth of luma, in thousandths. */
const TIE: f32 = 0.5;
/** Above the error of the float32 samples (0.08 at most for S <= 255000), below TIE: flat areas stay certain. */
const NEAR: f32 = 0.125;

/** Interpolated columns of samples 1-6: [sample][36 rows][32 pixels] f32. */
const COLUMN_SIZE: i32 = 36 * 128;
const COLUMNS: usize = memory.data(6 * 36 * 128, 16);
/** For samples 1-12: byte offset into COLUMNS of the upper row, then the weight of the lower row as f32. */
const TAPS: usize = memory.data(13 * 8, 16);
/** Codes of the block, one byte a pixel. */
const CODES: usize = memory.data(1024, 16);

export function initLbp(): void {
  for (let k = 1; k < SAMPLES; k++) {
    const column = k <= 6 ? k - 1 : 12 - k;
    const dy = load<f64>(DY + k * 8);
    const y0 = Math.floor(dy);
    store<i32>(TAPS + k * 8, column * COLUMN_SIZE + i32(y0) * 128);
    store<f32>(TAPS + k * 8, f32(dy - y0), 4);
  }
}

/** Needs the planes of the tile. */
export function lbpFeatures(blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    for (let column = 0; column < 6; column++) interpolateColumn(b, column);
    for (let y = 0; y < BLOCK; y++) {
      codeSixteen(b, y, 0);
      codeSixteen(b, y, 16);
    }
    writeHistogram(b);
  }
}

/** S at (x + dx, row) for all pixels of the block and its halo rows; dx that of samples column + 1 and 12 - column. */
function interpolateColumn(b: i32, column: i32): void {
  const dx = load<f64>(DX + (column + 1) * 8);
  const x0 = Math.floor(dx);
  const weight = f32x4.splat(f32(dx - x0));
  let target = COLUMNS + column * COLUMN_SIZE;
  let source = PLANE_F32 + planeOffset(b, -2) + i32(x0) * 4;
  for (let row = 0; row < TILE_ROWS; row++) {
    for (let x: usize = 0; x < 128; x += 16) {
      const left = v128.load(source + x);
      const right = v128.load(source + x, 4);
      v128.store(target + x, f32x4.add(left, f32x4.mul(weight, f32x4.sub(right, left))));
    }
    source += PLANE_STRIDE;
    target += 128;
  }
}

function codeSixteen(b: i32, y: i32, x: i32): void {
  const centre = PLANE_F32 + planeOffset(b, y) + x * 4;
  const tie = f32x4.splat(TIE);
  const c0 = f32x4.sub(v128.load(centre), tie);
  const c1 = f32x4.sub(v128.load(centre, 16), tie);
  const c2 = f32x4.sub(v128.load(centre, 32), tie);
  const c3 = f32x4.sub(v128.load(centre, 48), tie);
  // Sample 0 lies on a pixel and is exact.
  const firstBits = signMask(
    f32x4.sub(v128.load(centre, 8), c0),
    f32x4.sub(v128.load(centre, 24), c1),
    f32x4.sub(v128.load(centre, 40), c2),
    f32x4.sub(v128.load(centre, 56), c3),
  );
  let bits = firstBits;
  let ones = i8x16.neg(firstBits);
  let transitions = i64x2.splat(0);
  let nearest = f32x4.splat(1.0);
  const columns = COLUMNS + (y + 2) * 128 + x * 4;
  for (let tap = TAPS + 8; tap < TAPS + 13 * 8; tap += 8) {
    const upper = columns + load<i32>(tap);
    const weight = v128.load32_splat(tap, 4);
    const d0 = f32x4.sub(lerp(upper, weight), c0);
    const d1 = f32x4.sub(lerp(upper + 16, weight), c1);
    const d2 = f32x4.sub(lerp(upper + 32, weight), c2);
    const d3 = f32x4.sub(lerp(upper + 48, weight), c3);
    nearest = f32x4.pmin(nearest, f32x4.pmin(f32x4.abs(d0), f32x4.abs(d1)));
    nearest = f32x4.pmin(nearest, f32x4.pmin(f32x4.abs(d2), f32x4.abs(d3)));
    const next = signMask(d0, d1, d2, d3);
    ones = i8x16.sub(ones, next);
    transitions = i8x16.sub(transitions, v128.xor(bits, next));
    bits = next;
  }
  transitions = i8x16.sub(transitions, v128.xor(bits, firstBits));
  const uniform = i8x16.lt_s(transitions, i8x16.splat(3));
  const codes = CODES + y * 32 + x;
  v128.store(codes, v128.bitselect(ones, i8x16.splat(14), uniform));
  const doubtful = i32x4.bitmask(f32x4.lt(nearest, f32x4.splat(NEAR)));
  if (doubtful) {
    for (let lane = 0; lane < 4; lane++) {
      if ((doubtful >> lane) & 1) {
        for (let i = lane; i < 16; i += 4) store<u8>(codes + i, exactCode(centre + i * 4));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function lerp(upper: usize, weight: v128): v128 {
  const a = v128.load(upper);
  return f32x4.add(a, f32x4.mul(weight, f32x4.sub(v128.load(upper, 128), a)));
}

/** One byte a pixel: -1 where the difference is not negative, else 0. */
// @ts-ignore: decorator
@inline
function signMask(d0: v128, d1: v128, d2: v128, d3: v128): v128 {
  const zero = f32x4.splat(0);
  return i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(f32x4.ge(d0, zero), f32x4.ge(d1, zero)),
    i16x8.narrow_i32x4_s(f32x4.ge(d2, zero), f32x4.ge(d3, zero)),
  );
}

/** The code of one pixel in float64, operation for operation as nss.md has it. */
function exactCode(centre: usize): i32 {
  const y = luma(centre);
  let ones = 0;
  let transitions = 0;
  let previous = exactBit(centre, y, SAMPLES - 1);
  for (let k = 0; k < SAMPLES; k++) {
    const bit = exactBit(centre, y, k);
    ones += bit;
    transitions += bit ^ previous;
    previous = bit;
  }
  return transitions <= 2 ? ones : 14;
}

function exactBit(centre: usize, y: f64, k: i32): i32 {
  const dx = load<f64>(DX + k * 8);
  const dy = load<f64>(DY + k * 8);
  const x0 = Math.floor(dx);
  const y0 = Math.floor(dy);
  const fx = dx - x0;
  const fy = dy - y0;
  const upper = centre + i32(y0) * PLANE_STRIDE + i32(x0) * 4;
  const lower = upper + PLANE_STRIDE;
  const value =
    (1.0 - fy) * ((1.0 - fx) * luma(upper) + fx * luma(upper + 4)) +
    fy * ((1.0 - fx) * luma(lower) + fx * luma(lower + 4));
  return i32(value - y >= -5e-4);
}

// @ts-ignore: decorator
@inline
function luma(address: usize): f64 {
  return f64(load<f32>(address)) / 1000.0;
}

function writeHistogram(b: i32): void {
  let rest = 1024;
  for (let code = 0; code < 14; code += 2) {
    const low = i8x16.splat(<i8>code);
    const high = i8x16.splat(<i8>(code + 1));
    let countLow = i64x2.splat(0);
    let countHigh = i64x2.splat(0);
    for (let i: usize = 0; i < 1024; i += 32) {
      const first = v128.load(CODES + i);
      const second = v128.load(CODES + i, 16);
      countLow = i8x16.sub(i8x16.sub(countLow, i8x16.eq(first, low)), i8x16.eq(second, low));
      countHigh = i8x16.sub(i8x16.sub(countHigh, i8x16.eq(first, high)), i8x16.eq(second, high));
    }
    const a = sumU8(countLow);
    const c = sumU8(countHigh);
    output(b, 9 + code, f64(a) / 1024.0);
    output(b, 10 + code, f64(c) / 1024.0);
    rest -= a + c;
  }
  output(b, 23, f64(rest) / 1024.0);
}

// @ts-ignore: decorator
@inline
function sumU8(v: v128): i32 {
  return sumI32(i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v)));
}

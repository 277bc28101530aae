// Features 24-47: log-Gabor magnitudes. Over half of all the time, hence the two layouts:
// forward, four blocks in the four lanes; inverse, the four orientations in the four lanes.

import { BLOCK, PLANE_F32, output, planeOffset } from './layout';
import { firstFiltered, firstForward, firstUpperConjugated, secondForward, secondMagnitude, secondStrided } from './fft32';
import { FILTERS, FILTER_COLUMN, FILTER_SCALE } from './filter-bank';
import { upperHalf } from './lanes';
import { blockMean } from './planes';

/** Two rows of four blocks as one complex row: 32 complex vectors. */
const ROW_PAIR: usize = memory.data(32 * 32, 16);
/** Spectra of four blocks, columns kx = 0 .. 16 (the rest follows from symmetry): [kx][32] complex vectors. */
const SPECTRUM: usize = memory.data(17 * 32 * 32, 16);
const SPECTRUM_COLUMN: i32 = 1024;
/** Responses between the two passes: [32 rows][32 kx] complex vectors; padded, or a column would hit one cache set. */
const HALFWAY: usize = memory.data(32 * 1088, 16);
const HALFWAY_ROW: i32 = 1088;
/** Magnitudes of one scale, four orientations in the lanes: 1024 vectors. */
const MAGNITUDES: usize = memory.data(1024 * 16, 16);
/** Mean and central moments 2-4 of the magnitudes: [scale][moment][orientation] f64. */
const MOMENTS: usize = memory.data(2 * 4 * 4 * 8, 16);

/** Needs the planes of the tile. */
export function logGaborFeatures(blocks: i32): void {
  for (let first = 0; first < blocks; first += 4) {
    forwardFour(first, blocks - 1);
    const last = min(first + 4, blocks);
    for (let b = first; b < last; b++) {
      for (let scale = 0; scale < 2; scale++) {
        const mean = filterBlock(SPECTRUM + (b - first) * 4, FILTERS + scale * FILTER_SCALE, MOMENTS + scale * 128);
        centralMoments(mean, MOMENTS + scale * 128);
      }
      writeFeatures(b);
    }
  }
}

/** DFT of blocks first .. first + 3 (`last` repeated where there are fewer), times two, to SPECTRUM. */
function forwardFour(first: i32, last: i32): void {
  const b1 = min(first + 1, last);
  const b2 = min(first + 2, last);
  const b3 = min(first + 3, last);
  // Without its mean a block keeps more digits in float32; the filters are zero at DC anyway.
  const means = f32x4(f32(blockMean(first)), f32(blockMean(b1)), f32(blockMean(b2)), f32(blockMean(b3)));
  for (let y = 0; y < BLOCK; y += 2) {
    for (let half = 0; half < 2; half++) {
      const row = y + half;
      const p0 = PLANE_F32 + planeOffset(first, row);
      const p1 = PLANE_F32 + planeOffset(b1, row);
      const p2 = PLANE_F32 + planeOffset(b2, row);
      const p3 = PLANE_F32 + planeOffset(b3, row);
      for (let x: usize = 0; x < 128; x += 16) {
        transposeFour(v128.load(p0 + x), v128.load(p1 + x), v128.load(p2 + x), v128.load(p3 + x), means, ROW_PAIR + x * 8 + half * 16);
      }
    }
    firstForward(ROW_PAIR);
    secondForward(ROW_PAIR);
    separateRows(y);
  }
  for (let kx = 0; kx <= 16; kx++) {
    const column = SPECTRUM + kx * SPECTRUM_COLUMN;
    firstForward(column);
    secondForward(column);
  }
}

/** Four pixels of each of four blocks, less the means, to one pixel of four blocks a vector, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transposeFour(a: v128, b: v128, c: v128, d: v128, means: v128, target: usize): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(target, f32x4.sub(v128.shuffle<i64>(ab, cd, 0, 2), means));
  v128.store(target, f32x4.sub(v128.shuffle<i64>(ab, cd, 1, 3), means), 32);
  v128.store(target, f32x4.sub(v128.shuffle<i64>(abHigh, cdHigh, 0, 2), means), 64);
  v128.store(target, f32x4.sub(v128.shuffle<i64>(abHigh, cdHigh, 1, 3), means), 96);
}

/** The spectra of rows y and y + 1 from that of row y + i row (y + 1): the parts even and odd under conjugation. */
function separateRows(y: i32): void {
  for (let kx = 0; kx <= 16; kx++) {
    const z = ROW_PAIR + kx * 32;
    const mirrored = ROW_PAIR + ((32 - kx) & 31) * 32;
    const zr = v128.load(z), zi = v128.load(z, 16);
    const mr = v128.load(mirrored), mi = v128.load(mirrored, 16);
    const target = SPECTRUM + kx * SPECTRUM_COLUMN + y * 32;
    v128.store(target, f32x4.add(zr, mr));
    v128.store(target, f32x4.sub(zi, mi), 16);
    v128.store(target, f32x4.add(zi, mi), 32);
    v128.store(target, f32x4.sub(mr, zr), 48);
  }
}

/** Magnitudes of the four responses of one scale to MAGNITUDES, their means to `moments`. Returns the means as f32. */
function filterBlock(spectrum: usize, filters: usize, moments: usize): v128 {
  for (let kx = 0; kx < 32; kx++) {
    // Column 32 - kx of the spectrum, point-reflected and conjugated, is column kx; the response is conjugated too.
    const column = kx < 16 ? kx : 32 - kx;
    firstFiltered(spectrum + column * SPECTRUM_COLUMN, filters + kx * FILTER_COLUMN);
    secondStrided(HALFWAY + kx * 32, HALFWAY_ROW);
  }
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let y = 0; y < BLOCK; y++) {
    firstUpperConjugated(HALFWAY + y * HALFWAY_ROW);
    const sum = secondMagnitude(MAGNITUDES + y * 512);
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upperHalf(sum)));
  }
  const n = f64x2.splat(1.0 / 1024.0);
  low = f64x2.mul(low, n);
  high = f64x2.mul(high, n);
  v128.store(moments, low);
  v128.store(moments, high, 16);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Moments 2-4 about `mean` to `moments`: float32 within a row, float64 over the rows. */
function centralMoments(mean: v128, moments: usize): void {
  const zero = f64x2.splat(0);
  let low2 = zero, low3 = zero, low4 = zero;
  let high2 = zero, high3 = zero, high4 = zero;
  for (let row: usize = MAGNITUDES; row < MAGNITUDES + 16384; row += 512) {
    let sum2 = f32x4.splat(0);
    let sum3 = f32x4.splat(0);
    let sum4 = f32x4.splat(0);
    for (let x: usize = 0; x < 512; x += 32) {
      const d = f32x4.sub(v128.load(row + x), mean);
      const e = f32x4.sub(v128.load(row + x, 16), mean);
      const d2 = f32x4.mul(d, d);
      const e2 = f32x4.mul(e, e);
      sum2 = f32x4.add(sum2, f32x4.add(d2, e2));
      sum3 = f32x4.add(sum3, f32x4.add(f32x4.mul(d, d2), f32x4.mul(e, e2)));
      sum4 = f32x4.add(sum4, f32x4.add(f32x4.mul(d2, d2), f32x4.mul(e2, e2)));
    }
    low2 = f64x2.add(low2, f64x2.promote_low_f32x4(sum2));
    low3 = f64x2.add(low3, f64x2.promote_low_f32x4(sum3));
    low4 = f64x2.add(low4, f64x2.promote_low_f32x4(sum4));
    high2 = f64x2.add(high2, f64x2.promote_low_f32x4(upperHalf(sum2)));
    high3 = f64x2.add(high3, f64x2.promote_low_f32x4(upperHalf(sum3)));
    high4 = f64x2.add(high4, f64x2.promote_low_f32x4(upperHalf(sum4)));
  }
  const n = f64x2.splat(1.0 / 1024.0);
  v128.store(moments, f64x2.mul(low2, n), 32);
  v128.store(moments, f64x2.mul(high2, n), 48);
  v128.store(moments, f64x2.mul(low3, n), 64);
  v128.store(moments, f64x2.mul(high3, n), 80);
  v128.store(moments, f64x2.mul(low4, n), 96);
  v128.store(moments, f64x2.mul(high4, n), 112);
}

function writeFeatures(b: i32): void {
  for (let o = 0; o < 4; o++) {
    const fine = MOMENTS + o * 8;
    const coarse = MOMENTS + 128 + o * 8;
    output(b, 24 + 2 * o, load<f64>(fine));
    output(b, 25 + 2 * o, load<f64>(fine, 32));
    output(b, 32 + 2 * o, load<f64>(coarse));
    output(b, 33 + 2 * o, load<f64>(coarse, 32));
    // Pooled: each scale's moments about the common mean, which lies half the distance from either.
    const shift = (load<f64>(fine) - load<f64>(coarse)) / 2.0;
    const m2 = (second(fine, shift) + second(coarse, -shift)) / 2.0;
    const m3 = (third(fine, shift) + third(coarse, -shift)) / 2.0;
    const m4 = (fourth(fine, shift) + fourth(coarse, -shift)) / 2.0;
    const flat = m2 < 1e-6;
    output(b, 40 + 2 * o, flat ? 0.0 : m3 / (m2 * Math.sqrt(m2)));
    output(b, 41 + 2 * o, flat ? 0.0 : m4 / (m2 * m2) - 3.0);
  }
}

/** Moments of one scale about a point `shift` below its mean, from the central ones at `m`. */
// @ts-ignore: decorator
@inline
function second(m: usize, shift: f64): f64 {
  return load<f64>(m, 32) + shift * shift;
}

// @ts-ignore: decorator
@inline
function third(m: usize, shift: f64): f64 {
  return load<f64>(m, 64) + 3.0 * shift * load<f64>(m, 32) + shift * shift * shift;
}

// @ts-ignore: decorator
@inline
function fourth(m: usize, shift: f64): f64 {
  const s2 = shift * shift;
  return load<f64>(m, 96) + 4.0 * shift * load<f64>(m, 64) + 6.0 * s2 * load<f64>(m, 32) + s2 * s2;
}

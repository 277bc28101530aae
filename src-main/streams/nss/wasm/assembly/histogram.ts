// Histogram of Q = floor((S + 500) / 1000) of each block, for the entropy and the leading digits.

import { BLOCK, HISTOGRAM, PLANE_I32, planeOffset } from './layout';

/** Four partial histograms of 256 u16, so that equal neighbours do not wait for each other's store. */
const PARTIAL: usize = memory.data(4 * 512, 16);

/** Fills HISTOGRAM for each of `blocks` blocks. */
export function fillHistograms(blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    memory.fill(PARTIAL, 0, 4 * 512);
    for (let y = 0; y < BLOCK; y++) {
      const address = PLANE_I32 + planeOffset(b, y);
      countSixteen(address);
      countSixteen(address + 64);
    }
    mergePartial(HISTOGRAM + b * 512);
  }
}

// @ts-ignore: decorator
@inline
function countSixteen(address: usize): void {
  const low = i16x8.narrow_i32x4_u(quantise(v128.load(address)), quantise(v128.load(address, 16)));
  const high = i16x8.narrow_i32x4_u(quantise(v128.load(address, 32)), quantise(v128.load(address, 48)));
  const bytes = i8x16.narrow_i16x8_u(low, high);
  countEight(i64x2.extract_lane(bytes, 0));
  countEight(i64x2.extract_lane(bytes, 1));
}

/**
 * floor(t / 1000) for t = S + 500, as floor(floor(t / 8) / 125); 67109 / 2^23 is 1 / 125 rounded up, exact for the
 * 15-bit numerators that occur.
 */
// @ts-ignore: decorator
@inline
function quantise(s: v128): v128 {
  const eighths = i32x4.shr_u(i32x4.add(s, i32x4.splat(500)), 3);
  return i32x4.shr_u(i32x4.mul(eighths, i32x4.splat(67109)), 23);
}

// @ts-ignore: decorator
@inline
function countEight(bytes: i64): void {
  const low = i32(bytes);
  const high = i32(bytes >> 32);
  increment(0, low & 255);
  increment(1, (low >> 8) & 255);
  increment(2, (low >> 16) & 255);
  increment(3, low >>> 24);
  increment(0, high & 255);
  increment(1, (high >> 8) & 255);
  increment(2, (high >> 16) & 255);
  increment(3, high >>> 24);
}

// @ts-ignore: decorator
@inline
function increment(part: i32, value: i32): void {
  const address = PARTIAL + part * 512 + (value << 1);
  store<u16>(address, load<u16>(address) + 1);
}

function mergePartial(target: usize): void {
  for (let i: usize = 0; i < 512; i += 16) {
    const first = i16x8.add(v128.load(PARTIAL + i), v128.load(PARTIAL + i, 512));
    const second = i16x8.add(v128.load(PARTIAL + i, 1024), v128.load(PARTIAL + i, 1536));
    v128.store(target + i, i16x8.add(first, second));
  }
}

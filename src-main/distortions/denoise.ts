import type { Planes } from './planes.ts';

/** The denoiser of type 15, as dataset cards name it. */
export const DENOISER = 'sliding 8x8 DCT, hard threshold 3 sigma, opponent colours (Yu & Sapiro 2011)';

const SIDE = 8;
const STRIDE = 4;

/** Orthonormal DCT-II: row k is the k-th cosine. */
const COSINES = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
  const [k, n] = [Math.floor(i / SIDE), i % SIDE];
  return Math.sqrt((k === 0 ? 1 : 2) / SIDE) * Math.cos((Math.PI * (2 * n + 1) * k) / (2 * SIDE));
});

/**
 * Removes white noise of standard deviation `sigma` (0..1 range): G. Yu & G. Sapiro, "DCT image denoising", IPOL 2011.
 * R, G, B are turned to orthonormal opponent colours; of every 8x8 window (each 4 px) the DCT coefficients under
 * 3 sigma are set to 0; overlapping windows are averaged. Pictures under 8 px a side come back as they are.
 */
export function denoiseDct(picture: Planes, sigma: number): Planes {
  const { width, height, planes } = picture;
  if (width < SIDE || height < SIDE) return picture;
  const opponent = rotate(planes, TO_OPPONENT).map((plane) => thresholded(plane, width, height, 3 * sigma));
  return { width, height, planes: rotate(opponent as Planes['planes'], transpose(TO_OPPONENT)) };
}

const [THIRD, HALF, SIXTH] = [Math.sqrt(1 / 3), Math.sqrt(1 / 2), Math.sqrt(1 / 6)] as const;
const TO_OPPONENT = [THIRD, THIRD, THIRD, HALF, 0, -HALF, SIXTH, -2 * SIXTH, SIXTH];

function rotate([a, b, c]: Planes['planes'], matrix: readonly number[]): Planes['planes'] {
  const row = (m: readonly number[]) => a.map((value, i) => m[0]! * value + m[1]! * b[i]! + m[2]! * c[i]!);
  return [row(matrix.slice(0, 3)), row(matrix.slice(3, 6)), row(matrix.slice(6, 9))];
}

function transpose(matrix: readonly number[]): number[] {
  return [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => matrix[i]!);
}

function thresholded(plane: Float32Array, width: number, height: number, threshold: number): Float32Array {
  const sum = new Float32Array(plane.length);
  const windows = new Uint8Array(plane.length);
  const block = new Float64Array(SIDE * SIDE);
  const half = new Float64Array(SIDE * SIDE);
  for (const top of positions(height)) {
    for (const left of positions(width)) {
      const start = top * width + left;
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) block[y * SIDE + x] = plane[start + y * width + x]!;
      }
      forwardRows(block, half);
      forwardRows(half, block); // each pass transposes, so two make the 2-D transform
      for (let k = 1; k < block.length; k++) if (Math.abs(block[k]!) < threshold) block[k] = 0;
      inverseRows(block, half);
      inverseRows(half, block);
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          sum[start + y * width + x]! += block[y * SIDE + x]!;
          windows[start + y * width + x]!++;
        }
      }
    }
  }
  return sum.map((value, i) => value / windows[i]!);
}

/** Window starts: every 4 px, and one flush with the far border. */
function positions(length: number): number[] {
  const starts: number[] = [];
  for (let start = 0; start < length - SIDE; start += STRIDE) starts.push(start);
  return [...starts, length - SIDE];
}

/**
 * The DCT of each row, written as columns. Even cosines are even about the middle of the row and odd ones odd, so sums
 * and differences of mirrored values do with half the products.
 */
function forwardRows(from: Float64Array, to: Float64Array): void {
  for (let y = 0; y < SIDE; y++) {
    const at = y * SIDE;
    const s0 = from[at]! + from[at + 7]!;
    const s1 = from[at + 1]! + from[at + 6]!;
    const s2 = from[at + 2]! + from[at + 5]!;
    const s3 = from[at + 3]! + from[at + 4]!;
    const d0 = from[at]! - from[at + 7]!;
    const d1 = from[at + 1]! - from[at + 6]!;
    const d2 = from[at + 2]! - from[at + 5]!;
    const d3 = from[at + 3]! - from[at + 4]!;
    for (let k = 0; k < SIDE; k += 2) {
      const e = k * SIDE;
      const o = e + SIDE;
      to[e + y] = COSINES[e]! * s0 + COSINES[e + 1]! * s1 + COSINES[e + 2]! * s2 + COSINES[e + 3]! * s3;
      to[o + y] = COSINES[o]! * d0 + COSINES[o + 1]! * d1 + COSINES[o + 2]! * d2 + COSINES[o + 3]! * d3;
    }
  }
}

/** The inverse DCT of each row, written as columns; mirrored values share their even and odd halves. */
function inverseRows(from: Float64Array, to: Float64Array): void {
  for (let y = 0; y < SIDE; y++) {
    const at = y * SIDE;
    for (let n = 0; n < SIDE / 2; n++) {
      let even = 0;
      let odd = 0;
      for (let k = 0; k < SIDE; k += 2) {
        even += COSINES[k * SIDE + n]! * from[at + k]!;
        odd += COSINES[(k + 1) * SIDE + n]! * from[at + k + 1]!;
      }
      to[n * SIDE + y] = even + odd;
      to[(SIDE - 1 - n) * SIDE + y] = even - odd;
    }
  }
}

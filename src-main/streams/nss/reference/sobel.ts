import type { Plane } from './luma.ts';
import { pixel } from './luma.ts';
import { moments } from './moments.ts';

/** |Gx| and |Gy| over the whole plane: Sobel 3 x 3, [1 2 1] x [-1 0 1], unnormalised, edges replicated. */
export function sobelMagnitudes(plane: Plane): { x: Plane; y: Plane } {
  const gx = new Float64Array(plane.values.length);
  const gy = new Float64Array(plane.values.length);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const column = (at: number) =>
        pixel(plane, at, y - 1) + 2 * pixel(plane, at, y) + pixel(plane, at, y + 1);
      const row = (at: number) => pixel(plane, x - 1, at) + 2 * pixel(plane, x, at) + pixel(plane, x + 1, at);
      gx[y * plane.width + x] = Math.abs(column(x + 1) - column(x - 1));
      gy[y * plane.width + x] = Math.abs(row(y + 1) - row(y - 1));
    }
  }
  return { x: { ...plane, values: gx }, y: { ...plane, values: gy } };
}

/** Features 5-8 of a block: mean and variance of |Gx|, then of |Gy|. */
export function sobelFeatures(gx: Float64Array, gy: Float64Array): number[] {
  const x = moments(gx);
  const y = moments(gy);
  return [x.mean, x.variance, y.mean, y.variance];
}

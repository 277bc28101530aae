import type { RgbPicture } from '../../../images/picture.ts';

/** Side of a block in pixels. */
export const BLOCK = 32;

/** A float64 plane, row-major, width * height values. */
export type Plane = { width: number; height: number; values: Float64Array };

/** Luma in thousandths: S = 299 R + 587 G + 114 B, exact integers (nss.md, Input). */
export function lumaThousandths(picture: RgbPicture): Plane {
  const { width, height, data } = picture;
  const values = new Float64Array(width * height);
  for (let i = 0; i < values.length; i++) {
    values[i] = 299 * data[3 * i]! + 587 * data[3 * i + 1]! + 114 * data[3 * i + 2]!;
  }
  return { width, height, values };
}

/** The plane with a function applied to each value. */
export function mapPlane(plane: Plane, f: (value: number) => number): Plane {
  return { ...plane, values: plane.values.map(f) };
}

/** Value at (x, y), the nearest edge pixel for points outside (edge replication). */
export function pixel(plane: Plane, x: number, y: number): number {
  const column = Math.min(Math.max(x, 0), plane.width - 1);
  const row = Math.min(Math.max(y, 0), plane.height - 1);
  return plane.values[row * plane.width + column]!;
}

/** The 1024 values of the block in block row `row` and block column `column`, row-major. */
export function cutBlock(plane: Plane, row: number, column: number): Float64Array {
  const block = new Float64Array(BLOCK * BLOCK);
  for (let y = 0; y < BLOCK; y++) {
    const start = (row * BLOCK + y) * plane.width + column * BLOCK;
    block.set(plane.values.subarray(start, start + BLOCK), y * BLOCK);
  }
  return block;
}

/** The five-crop rule: what encoders embed and what the Inspector draws. */

/** A square of a picture in pixels. */
export type CropSquare = { x: number; y: number; width: number; height: number };

/**
 * The five squares of a picture: centre, top left, top right, bottom left, bottom right; side
 * c = floor(0.85 min(W, H) + 0.5), the centre one at floor((W - c) / 2), floor((H - c) / 2) (spec fusion.md,
 * "Features"; paper section 2.3).
 */
export function fiveCrops(
  width: number,
  height: number,
): [CropSquare, CropSquare, CropSquare, CropSquare, CropSquare] {
  const side = Math.floor(0.85 * Math.min(width, height) + 0.5);
  const right = width - side;
  const bottom = height - side;
  const square = (x: number, y: number): CropSquare => ({ x, y, width: side, height: side });
  return [
    square(Math.floor(right / 2), Math.floor(bottom / 2)),
    square(0, 0),
    square(right, 0),
    square(0, bottom),
    square(right, bottom),
  ];
}

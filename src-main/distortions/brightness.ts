import type { RgbPicture } from '../images/picture.ts';
import { fromLab, toLab } from './lab.ts';
import { throughCurve, toPicture, toPlanes } from './planes.ts';

/** Type 16: two parts of a raised curve on R, G, B and one part of the same curve on L of CIELAB. */
export function brighten(picture: RgbPicture, amount: number): RgbPicture {
  const curve = midpointCurve(0.5 + amount / 2);
  const lab = toLab(picture);
  lab.planes[0] = lab.planes[0].map((L) => 100 * curve(L / 100));
  const byLightness = fromLab(lab);
  const byChannel = toPlanes(picture);
  for (const [c, plane] of byChannel.planes.entries()) {
    const other = byLightness.planes[c]!;
    for (let i = 0; i < plane.length; i++) plane[i] = (2 * curve(plane[i]!) + other[i]!) / 3;
  }
  return toPicture(byChannel);
}

/** Type 17: a lowered curve on R, G, B. */
export function darken(picture: RgbPicture, amount: number): RgbPicture {
  return throughCurve(picture, midpointCurve(0.5 - amount / 2));
}

/** Type 18: a constant added to R, G, B (in units of the full range). */
export function shiftMean(picture: RgbPicture, amount: number): RgbPicture {
  return throughCurve(picture, (value) => value + amount);
}

/** The parabola through (0, 0), (0.5, middle), (1, 1), clamped: the generator's spline through three points. */
function midpointCurve(middle: number): (value: number) => number {
  const square = 2 - 4 * middle;
  return (value) => Math.min(1, Math.max(0, (square * value + 1 - square) * value));
}

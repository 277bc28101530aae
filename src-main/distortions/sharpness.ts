import type { RgbPicture } from '../images/picture.ts';
import { blurSeparable, gaussianTaps } from './convolve.ts';
import { fromLab, toLab } from './lab.ts';
import { throughCurve, toPicture } from './planes.ts';

/** The unsharp mask's Gaussian: sigma and window radius in px. */
const SIGMA = 3;
const RADIUS = 6;

/** Type 24: unsharp mask on L of CIELAB: L + amount (L - blurred L). */
export function sharpen(picture: RgbPicture, amount: number): RgbPicture {
  const lab = toLab(picture);
  const L = lab.planes[0];
  const blurred = blurSeparable(L, lab.width, lab.height, gaussianTaps(SIGMA, RADIUS));
  lab.planes[0] = L.map((value, i) => Math.min(100, Math.max(0, value + amount * (value - blurred[i]!))));
  return toPicture(fromLab(lab));
}

/**
 * Type 25: the curve through (0, 0), (.3, .25 - amount / 4), (.5, .5), (.7, .75 + amount / 4), (1, 1).
 * The generator's not-a-knot spline through these points is one odd cubic around (.5, .5).
 */
export function changeContrast(picture: RgbPicture, amount: number): RgbPicture {
  const cubic = (0.25 - amount / 4 - 0.3) / 0.042;
  const linear = 1 - cubic / 4;
  return throughCurve(picture, (value) => {
    const u = value - 0.5;
    return 0.5 + (linear + cubic * u * u) * u;
  });
}

import type { RgbPicture } from '../images/picture.ts';
import { convolve, diskKernel, gaussianBlur, motionKernel } from './convolve.ts';
import type { Kernel } from './convolve.ts';
import { mapPlanes, toPicture, toPlanes } from './planes.ts';
import type { Random } from './random.ts';

/** Type 01: Gaussian blur of R, G, B; sigma in px. */
export function blurGaussian(picture: RgbPicture, sigma: number): RgbPicture {
  const { width, height } = picture;
  return toPicture(mapPlanes(toPlanes(picture), (plane) => gaussianBlur(plane, width, height, sigma)));
}

/** Type 02: an out-of-focus lens, a disk of `radius` px. */
export function blurLens(picture: RgbPicture, radius: number): RgbPicture {
  return convolved(picture, diskKernel(radius));
}

/** Type 03: motion over `length` px in a random direction. */
export function blurMotion(picture: RgbPicture, length: number, random: Random): RgbPicture {
  return convolved(picture, motionKernel(length, random.uniform(0, Math.PI)));
}

function convolved(picture: RgbPicture, kernel: Kernel): RgbPicture {
  const { width, height } = picture;
  return toPicture(mapPlanes(toPlanes(picture), (plane) => convolve(plane, width, height, kernel)));
}

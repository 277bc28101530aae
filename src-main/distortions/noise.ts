import type { RgbPicture } from '../images/picture.ts';
import { denoiseDct } from './denoise.ts';
import { toPicture, toPlanes } from './planes.ts';
import type { Planes } from './planes.ts';
import type { Random } from './random.ts';

/** Type 11: white Gaussian noise on R, G, B; variance on the 0..1 range. */
export function addWhiteNoise(picture: RgbPicture, variance: number, random: Random): RgbPicture {
  return toPicture(withWhiteNoise(toPlanes(picture), variance, random));
}

/** Type 12: white Gaussian noise on Y, Cb, Cr (BT.601, full range), the same variance on each. */
export function addColourNoise(picture: RgbPicture, variance: number, random: Random): RgbPicture {
  const { width, height, data } = picture;
  const deviation = Math.sqrt(variance) * 255;
  const out = new Uint8ClampedArray(data.length); // rounds and clamps
  for (let k = 0; k < data.length; k += 3) {
    // YCbCr to RGB is linear, so the noise may be converted alone and added.
    const y = deviation * random.gaussian();
    const cb = deviation * random.gaussian();
    const cr = deviation * random.gaussian();
    out[k] = data[k]! + y + 1.402 * cr;
    out[k + 1] = data[k + 1]! + y - 0.344136 * cb - 0.714136 * cr;
    out[k + 2] = data[k + 2]! + y + 1.772 * cb;
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

/** Type 13: salt and pepper; `density` is the share of R, G, B values that become 0 or 255. */
export function addImpulseNoise(picture: RgbPicture, density: number, random: Random): RgbPicture {
  return {
    ...picture,
    data: picture.data.map((value) => {
      const chance = random.uniform();
      const salt = random.next() > 0x7fffffff;
      return chance < density ? (salt ? 255 : 0) : value;
    }),
  };
}

/** Type 14: each R, G, B value times 1 + n, n uniform with mean 0 (MATLAB's imnoise 'speckle'). */
export function addMultiplicativeNoise(picture: RgbPicture, variance: number, random: Random): RgbPicture {
  const limit = Math.sqrt(3 * variance);
  const { data } = picture;
  const out = new Uint8ClampedArray(data.length); // rounds and clamps
  for (let k = 0; k < data.length; k++) out[k] = data[k]! * (1 + random.uniform(-limit, limit));
  return { ...picture, data: new Uint8Array(out.buffer) };
}

/** Type 15: white noise of the given variance, then the DCT denoiser told that variance. */
export function addNoiseAndDenoise(picture: RgbPicture, variance: number, random: Random): RgbPicture {
  return toPicture(denoiseDct(withWhiteNoise(toPlanes(picture), variance, random), Math.sqrt(variance)));
}

function withWhiteNoise(picture: Planes, variance: number, random: Random): Planes {
  const deviation = Math.sqrt(variance);
  for (const plane of picture.planes) {
    for (let i = 0; i < plane.length; i++) plane[i]! += deviation * random.gaussian();
  }
  return picture;
}

import type { RgbPicture } from '../images/picture.ts';
import { findDistortion } from '../../src-shared/distortions.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { blurGaussian, blurLens, blurMotion } from './blur.ts';
import { brighten, darken, shiftMean } from './brightness.ts';
import { diffuseColour, quantiseColours, scaleHsvSaturation, scaleLabChroma, shiftColour } from './colour.ts';
import { compressJpeg, compressJpeg2000 } from './compression.ts';
import {
  addColourNoise,
  addImpulseNoise,
  addMultiplicativeNoise,
  addNoiseAndDenoise,
  addWhiteNoise,
} from './noise.ts';
import { Random } from './random.ts';
import { changeContrast, sharpen } from './sharpness.ts';
import { jitter, movePatches, paintBlocks, pixelate, quantise } from './spatial.ts';

type Distort = (picture: RgbPicture, parameter: number, random: Random) => RgbPicture | Promise<RgbPicture>;

const DISTORTIONS: Readonly<Record<string, Distort>> = {
  '01': blurGaussian,
  '02': blurLens,
  '03': blurMotion,
  '04': diffuseColour,
  '05': shiftColour,
  '06': quantiseColours,
  '07': scaleHsvSaturation,
  '08': scaleLabChroma,
  '09': compressJpeg2000,
  '10': compressJpeg,
  '11': addWhiteNoise,
  '12': addColourNoise,
  '13': addImpulseNoise,
  '14': addMultiplicativeNoise,
  '15': addNoiseAndDenoise,
  '16': brighten,
  '17': darken,
  '18': shiftMean,
  '19': jitter,
  '20': movePatches,
  '21': pixelate,
  '22': quantise,
  '23': paintBlocks,
  '24': sharpen,
  '25': changeContrast,
};

/** Types 20 and 23 move squares of this many px; smaller pictures are refused by every type alike. */
export const SMALLEST_SIDE = 32;

/**
 * One KADID-10k distortion at level 1-5, at the picture's size; the input is left as it is.
 * The seed's random numbers do not depend on the level, so the levels of one (picture, type, seed) are one ladder:
 * the same motion direction, the same noise getting stronger, ever more patches. Same arguments, same bytes.
 * Errors: bad-input (unknown type or level, picture too small).
 */
export async function applyDistortion(
  picture: RgbPicture,
  type: string,
  level: number,
  seed: number | string,
): Promise<RgbPicture> {
  const row = findDistortion(type);
  const parameter = row?.levels[level - 1];
  if (row === undefined || parameter === undefined) {
    throw new StudioError('bad-input', `There is no distortion type ${type} at level ${level}`, {
      hint: 'Types are 01 to 25, levels 1 to 5.',
    });
  }
  if (picture.width < SMALLEST_SIDE || picture.height < SMALLEST_SIDE) {
    throw new StudioError(
      'bad-input',
      `A picture of ${picture.width} x ${picture.height} px is too small to distort`,
      {
        hint: `Both sides need at least ${SMALLEST_SIDE} px.`,
      },
    );
  }
  return DISTORTIONS[row.type]!(picture, parameter, new Random(seed, type));
}

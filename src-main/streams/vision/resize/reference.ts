/**
 * Pillow's resize in plain TypeScript: the definition that the WebAssembly kernel is tested against (and itself
 * tested against Pillow's output). Not used otherwise.
 */
import type { RgbPicture } from '../../../images/picture.ts';
import { PRECISION_BITS, resizeCoefficients } from './coefficients.ts';
import type { Coefficients } from './coefficients.ts';
import { checkRegions } from './region.ts';
import type { Region, ResizeTarget } from './region.ts';

/** RGB bytes of the target's window, row-major. Equal to Pillow's crop(region).resize(size, filter).crop(window). */
export function resizeReference(picture: RgbPicture, region: Region, target: ResizeTarget): Uint8Array {
  checkRegions(picture, region, target);
  const { width, height, filter, window } = target;
  const across = resizeCoefficients(region.width, width, filter, window.x, window.width);
  const down = resizeCoefficients(region.height, height, filter, window.y, window.height);
  // The horizontal pass comes first, and rounds to 8 bits.
  const narrow = resizeRows(picture, region, across);
  return resizeColumns(narrow, window.width, down);
}

/** region.height x columns, RGB. */
function resizeRows(picture: RgbPicture, region: Region, across: Coefficients): Uint8Array {
  const columns = across.starts.length;
  const result = new Uint8Array(region.height * columns * 3);
  for (let y = 0; y < region.height; y++) {
    const row = ((region.y + y) * picture.width + region.x) * 3;
    for (let i = 0; i < columns * 3; i++) {
      const column = Math.floor(i / 3);
      const first = row + across.starts[column]! * 3 + (i % 3);
      result[y * columns * 3 + i] = weightedSum(picture.data, first, 3, across, column);
    }
  }
  return result;
}

/** rows x columns, RGB. */
function resizeColumns(narrow: Uint8Array, columns: number, down: Coefficients): Uint8Array {
  const stride = columns * 3;
  const rows = down.starts.length;
  const result = new Uint8Array(rows * stride);
  for (let y = 0; y < rows; y++) {
    for (let i = 0; i < stride; i++) {
      result[y * stride + i] = weightedSum(narrow, down.starts[y]! * stride + i, stride, down, y);
    }
  }
  return result;
}

/** The sum of one sample's weights times source[first + t * step], rounded and clipped to 8 bits. */
function weightedSum(
  source: Uint8Array,
  first: number,
  step: number,
  coefficients: Coefficients,
  sample: number,
): number {
  const { taps, counts, weights } = coefficients;
  let sum = 2 ** (PRECISION_BITS - 1);
  for (let t = 0; t < counts[sample]!; t++) sum += source[first + t * step]! * weights[sample * taps + t]!;
  return Math.min(255, Math.max(0, Math.floor(sum / 2 ** PRECISION_BITS)));
}

/** A crop of a picture to an encoder's input tensor (spec encoders.md, "Preprocessing, exactly"). */
import type { RgbPicture } from '../../images/picture.ts';
import { tensorSide } from '../../../src-shared/encoder-manifest.ts';
import type { EncoderPreprocessing } from '../../../src-shared/encoder-manifest.ts';
import { wholeTarget } from './resize/region.ts';
import type { Region, ResizeTarget } from './resize/region.ts';
import type { Resizer } from './resize/resize.ts';

/** Part of every stream version: changes whenever a value of a tensor may change. */
export const PREPROCESS_VERSION = '1';

/**
 * Input values of a model: float32, or float16 as its bits, the form that onnxruntime-node 1.30 takes (it refuses
 * Float16Array: microsoft/onnxruntime#32323).
 */
export type InputValues = Float32Array | Uint16Array;

/** Fills tensors for one encoder. */
export type Preprocessor = {
  /** Values of one crop: 3 * side * side. */
  length: number;
  /**
   * Writes a crop as R, G and B planes, (x / 255 - mean) / std, from `offset` on. Half precision is rounded from
   * float32, as NumPy's astype does. Throws RangeError where the crop leaves the picture or the tensor the array.
   */
  write(picture: RgbPicture, crop: Region, into: InputValues, offset: number): void;
};

/** A preprocessor that shares `resizer` (and so its thread). */
export function createPreprocessor(resizer: Resizer, preprocessing: EncoderPreprocessing): Preprocessor {
  const plane = tensorSide(preprocessing) ** 2;
  const length = 3 * plane;
  const tones = toneTable(preprocessing);
  const halfTones = halfBits(tones);
  return {
    length,
    write(picture, crop, into, offset) {
      if (offset < 0 || offset + length > into.length) {
        throw new RangeError(`a tensor of ${length} at ${offset} leaves an array of ${into.length}`);
      }
      const rgb = resizer.resize(picture, crop, resizeTarget(preprocessing, crop));
      const values = into.subarray(offset, offset + length);
      if (values instanceof Float32Array) writePlanes(rgb, tones, values);
      else writePlanes(rgb, halfTones, values);
    },
  };
}

/**
 * What a crop is resized to. "squash": size x size. "shortest-side-crop": the short side to `size`, the long one to
 * int(size * long / short), of which the middle cropSize x cropSize is wanted (torchvision's Resize and CenterCrop).
 */
export function resizeTarget(p: EncoderPreprocessing, crop: Region): ResizeTarget {
  if (p.mode === 'squash') return wholeTarget(p.size, p.size, p.filter);
  const short = Math.min(crop.width, crop.height);
  const width = Math.trunc((p.size * crop.width) / short);
  const height = Math.trunc((p.size * crop.height) / short);
  const window = {
    x: roundHalfToEven((width - p.cropSize) / 2),
    y: roundHalfToEven((height - p.cropSize) / 2),
    width: p.cropSize,
    height: p.cropSize,
  };
  return { width, height, filter: p.filter, window };
}

/** Python's round() of a multiple of one half. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** For each channel the 256 normalised values of a byte: 3 x 256. */
function toneTable({ mean, std }: EncoderPreprocessing): Float32Array {
  return Float32Array.from({ length: 768 }, (_, i) => {
    const channel = i >> 8;
    return ((i & 255) / 255 - mean[channel]!) / std[channel]!;
  });
}

/** The bits of the nearest half-precision numbers. */
function halfBits(values: Float32Array): Uint16Array {
  return new Uint16Array(Float16Array.from(values).buffer);
}

/** Interleaved bytes to planes of looked-up values. */
function writePlanes<T extends Float32Array | Uint16Array>(rgb: Uint8Array, table: T, into: T): void {
  const plane = rgb.length / 3;
  for (let i = 0, from = 0; i < plane; i++, from += 3) {
    into[i] = table[rgb[from]!]!;
    into[plane + i] = table[256 + rgb[from + 1]!]!;
    into[2 * plane + i] = table[512 + rgb[from + 2]!]!;
  }
}

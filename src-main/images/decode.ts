/**
 * The one decoder of every stream and view (docs/data.md, "Decoded picture"): frame 0, EXIF orientation applied,
 * profiles and gamma ignored, grey and palette expanded, 16 bit >> 8, alpha flattened on black. Equal to Pillow's
 * exif_transpose(image).convert('RGB') wherever that is defined (tests/unit/images-decode.test.ts).
 */
import sharp from 'sharp';
import { decodeBmp } from './bmp.ts';
import type { RgbPicture } from './picture.ts';
import { detectFormat } from './picture-format.ts';
import { FAIL_ON, MAX_PIXELS, probePicture, readMetadata, unreadable } from './probe.ts';

/** Part of every feature key: changes whenever a decoded byte may change. */
export const DECODER_VERSION = 'decoder/1';

/**
 * Decodes a file's bytes to 8-bit RGB. Throws 'unreadable-image' (truncated, damaged) or 'unsupported-image'
 * (format, colour model, over 100 MP; from the header, before pixels cost memory). `file` is only for messages.
 */
export async function decodePicture(bytes: Buffer, file: string): Promise<RgbPicture> {
  if (detectFormat(bytes, file) === 'bmp') {
    await probePicture(bytes, file);
    return decodeBmp(bytes, file);
  }
  const { depth, channels } = await readMetadata(bytes, file);
  const deep = depth === 'ushort';
  const pipeline = sharp(bytes, {
    // sharp would convert to sRGB by the embedded profile (up to 110 levels off); Pillow and the papers do not.
    ignoreIcc: true,
    failOn: FAIL_ON,
    limitInputPixels: MAX_PIXELS,
    autoOrient: true,
  });
  if (deep) pipeline.toColourspace(channels < 3 ? 'grey16' : 'rgb16');
  try {
    const { data, info } = await pipeline
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const samples = deep ? highBytes(data) : data;
    return { width: info.width, height: info.height, data: toRgb(samples, info.channels) };
  } catch (error) {
    throw unreadable(error, file);
  }
}

/** 16-bit samples of the machine's byte order, each >> 8. */
function highBytes(data: Buffer): Uint8Array {
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const high = new Uint8Array(samples.length);
  for (let i = 0; i < high.length; i++) high[i] = samples[i]! >> 8;
  return high;
}

/** 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) interleaved channels to RGB; v becomes floor(v * a / 255). */
function toRgb(samples: Uint8Array<ArrayBufferLike>, channels: number): Uint8Array {
  // A plain view: callers need not know that some pixels come in a Node Buffer.
  if (channels === 3) return new Uint8Array(samples.buffer, samples.byteOffset, samples.length);
  const pixels = samples.length / channels;
  const colours = channels < 3 ? 1 : 3;
  const hasAlpha = channels % 2 === 0;
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * channels;
    const alpha = hasAlpha ? samples[from + channels - 1]! : 255;
    for (let channel = 0; channel < 3; channel++) {
      const value = samples[from + (colours === 1 ? 0 : channel)]!;
      rgb[pixel * 3 + channel] = Math.floor((value * alpha) / 255);
    }
  }
  return rgb;
}

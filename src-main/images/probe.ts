/** Header checks: what a picture is and whether the studio takes it, without decoding a pixel. */
import sharp from 'sharp';
import type { Metadata } from 'sharp';
import { StudioError } from '../../src-shared/errors.ts';
import { readBmpHeader } from './bmp.ts';
import { detectFormat } from './picture-format.ts';
import type { PictureFormat } from './picture-format.ts';

/** Above this the file is refused from its header: 100 million pixels. */
export const MAX_PIXELS = 100_000_000;

/** sharp's 'error' level refuses what Pillow refuses (cut-off files, broken PNG checksums) and no more. */
export const FAIL_ON = 'error';

/** A picture's format and its size as it is shown, EXIF orientation applied. */
export type PictureProbe = { format: PictureFormat; width: number; height: number };

/**
 * Reads format and size from the header. Throws 'unreadable-image' (empty, truncated header) or
 * 'unsupported-image' (other formats, CMYK and other colour models, over 100 MP).
 */
export async function probePicture(bytes: Buffer, file: string): Promise<PictureProbe> {
  const format = detectFormat(bytes, file);
  if (format === 'bmp') {
    const { width, height } = readBmpHeader(bytes, file);
    checkPixels(width, height, file);
    return { format, width, height };
  }
  const { autoOrient } = await readMetadata(bytes, file);
  return { format, width: autoOrient.width, height: autoOrient.height };
}

/** sharp's header of a JPEG, PNG, WebP or TIFF that has passed the colour and size checks. Errors as probePicture. */
export async function readMetadata(bytes: Buffer, file: string): Promise<Metadata> {
  let metadata: Metadata;
  try {
    // The limit is ours to check, with a better message.
    metadata = await sharp(bytes, { failOn: FAIL_ON, limitInputPixels: false }).metadata();
  } catch (error) {
    throw unreadable(error, file);
  }
  const { width, height, space, channels, depth } = metadata;
  checkPixels(width, height, file);
  const colour = ['srgb', 'b-w', 'rgb16', 'grey16'].includes(space);
  if (!colour || channels > 4 || (depth !== 'uchar' && depth !== 'ushort')) {
    throw new StudioError(
      'unsupported-image',
      `Colour model ${space} with ${channels} channels of type ${depth} is not read; only RGB, grey and palette, 8 or 16 bit`,
      { file, hint: 'Convert it to an RGB PNG.' },
    );
  }
  return metadata;
}

function checkPixels(width: number, height: number, file: string): void {
  if (width * height <= MAX_PIXELS) return;
  throw new StudioError(
    'unsupported-image',
    `${width} x ${height} is ${Math.round((width * height) / 1e6)} megapixels, over the limit of 100`,
    { file, hint: 'Scale it down, or remove its row from the label file.' },
  );
}

/** A decoder's failure as an 'unreadable-image' whose reason is one line. */
export function unreadable(error: unknown, file: string): StudioError {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text
    .replace(/Input (buffer|file) (has corrupt header: ?|contains )/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const reason = [...new Set(lines)].slice(0, 2).join('; ') || 'broken header';
  return new StudioError('unreadable-image', `The picture is truncated or damaged: ${reason}`, {
    file,
    hint: 'Copy or download it again.',
    cause: error,
  });
}

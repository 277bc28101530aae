/** Pictures for the window: small WebP thumbnails, and the full picture in a form that a browser shows. */
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { decodePicture } from './decode.ts';
import { CONTENT_TYPES, detectFormat } from './picture-format.ts';
import { FAIL_ON, MAX_PIXELS, readMetadata, unreadable } from './probe.ts';

/**
 * A WebP of the picture whose longer side is at most `longestSide` px (never enlarged), on black where it is
 * transparent. JPEG is shrunk while it loads. Errors as decodePicture.
 */
export async function makeThumbnail(bytes: Buffer, file: string, longestSide: number): Promise<Buffer> {
  const picture = await openForResize(bytes, file);
  try {
    return await picture
      .resize(longestSide, longestSide, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#000' })
      .webp({ quality: 80, effort: 1 })
      .toBuffer();
  } catch (error) {
    throw unreadable(error, file);
  }
}

/** A pipeline over the picture as the decoder sees it, to be made smaller (JPEG shrinks while it loads). Errors as decodePicture. */
export async function openForResize(bytes: Buffer, file: string): Promise<Sharp> {
  if (detectFormat(bytes, file) === 'bmp') {
    const { width, height, data } = await decodePicture(bytes, file);
    return sharp(data, { raw: { width, height, channels: 3 } });
  }
  await readMetadata(bytes, file);
  return sharp(bytes, { ignoreIcc: true, failOn: FAIL_ON, limitInputPixels: MAX_PIXELS, autoOrient: true });
}

/**
 * The picture for the Inspector: the original bytes where a browser shows exactly the decoded picture from them,
 * else a PNG of the decoded picture. Errors as decodePicture.
 */
export async function viewablePicture(
  bytes: Buffer,
  file: string,
): Promise<{ bytes: Buffer; contentType: string }> {
  const format = detectFormat(bytes, file);
  if (await isShownAsDecoded(bytes, file)) return { bytes, contentType: CONTENT_TYPES[format] };
  const { width, height, data } = await decodePicture(bytes, file);
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
  return { bytes: png, contentType: CONTENT_TYPES.png };
}

/** False where a browser would apply what the decoder ignores (profile, gamma), blend on its own ground, or animate. */
async function isShownAsDecoded(bytes: Buffer, file: string): Promise<boolean> {
  const format = detectFormat(bytes, file);
  if (format === 'tiff' || format === 'bmp') return false;
  const metadata = await readMetadata(bytes, file);
  if (metadata.depth !== 'uchar' || metadata.hasAlpha || metadata.hasProfile) return false;
  if ((metadata.pages ?? 1) > 1) return false;
  if (format !== 'jpeg' && (metadata.orientation ?? 1) !== 1) return false;
  return !(format === 'png' && bytes.subarray(0, 4096).includes('gAMA'));
}

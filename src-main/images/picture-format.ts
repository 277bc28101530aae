/** What a file is, told by its first bytes: the extension is never believed. */
import { StudioError } from '../../src-shared/errors.ts';

export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'tiff' | 'bmp';

/** Content types that a browser knows, by format. */
export const CONTENT_TYPES: Record<PictureFormat, string> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  tiff: 'image/tiff',
  bmp: 'image/bmp',
};

/** File name endings that a folder scan counts as pictures. */
export const PICTURE_EXTENSION = /\.(jpe?g|png|webp|tiff?|bmp)$/i;

/** The format of a file's bytes. Throws 'unreadable-image' (empty) or 'unsupported-image' (anything else). */
export function detectFormat(bytes: Buffer, file: string): PictureFormat {
  if (bytes.length === 0) {
    throw new StudioError('unreadable-image', 'The file is empty', {
      file,
      hint: 'Copy or download it again.',
    });
  }
  const start = bytes.toString('latin1', 0, 16);
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('RIFF') && start.startsWith('WEBP', 8)) return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return 'tiff';
  if (start.startsWith('BM')) return 'bmp';
  throw new StudioError('unsupported-image', `${describeOther(bytes)}, not a JPEG, PNG, WebP, TIFF or BMP`, {
    file,
    hint: 'Convert it to PNG, or remove its row from the label file.',
  });
}

/** Names the usual strangers, so that the message says what was found. */
function describeOther(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 64);
  if (start.startsWith('GIF8')) return 'This is a GIF';
  if (/^....ftyp(heic|heix|mif1|avif)/s.test(start)) return 'This is a HEIC or AVIF picture';
  if (start.startsWith('version https://git-lfs')) return 'This is a Git LFS pointer';
  if (/^\s*<(!doctype|html|\?xml|svg)/i.test(start)) return 'This is an HTML, XML or SVG text';
  return 'The file has an unknown format';
}

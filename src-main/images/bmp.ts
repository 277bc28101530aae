/** Windows bitmaps: sharp's build has no BMP loader, so bmp-ts decodes the pixels behind a strict header check. */
import { decode } from 'bmp-ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { RgbPicture } from './picture.ts';

/** The header fields that the studio needs. `height` is positive; `topDown` says how rows are stored. */
export type BmpHeader = {
  width: number;
  height: number;
  bits: number;
  hasAlpha: boolean;
  /** Where bmp-ts expects the pixels: right behind header, masks and palette. */
  headerEnd: number;
  /** Where the file says they are. */
  pixels: number;
};

const BI_RGB = 0;
const BI_BITFIELDS = 3;

/**
 * Reads and checks a BMP header. Supported are uncompressed 1, 8, 24 and 32 bit: the forms in which bmp-ts
 * equals Pillow byte for byte (it does not for 16 bit, run-length and odd-width 4 bit, measured with 1.0.9).
 * Throws 'unreadable-image' for a file that is cut off or lies, 'unsupported-image' for the other forms.
 */
export function readBmpHeader(bytes: Buffer, file: string): BmpHeader {
  if (bytes.length < 54) throw damaged(file, `the header is cut off after ${bytes.length} bytes`);
  const headerSize = bytes.readUInt32LE(14);
  if (headerSize === 12 || headerSize === 64) throw unsupported(file, 'an OS/2 bitmap');
  if (![40, 52, 56, 108, 124].includes(headerSize)) throw damaged(file, `header size ${headerSize}`);
  const width = bytes.readInt32LE(18);
  const height = Math.abs(bytes.readInt32LE(22));
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const colors = bytes.readUInt32LE(46);
  if (width <= 0 || height === 0) throw damaged(file, `size ${width} x ${height}`);
  if (compression === 1 || compression === 2) throw unsupported(file, 'a run-length compressed bitmap');
  const masks = compression === BI_BITFIELDS && bits === 32;
  if (compression !== BI_RGB && !masks) throw unsupported(file, `a bitmap with compression ${compression}`);
  if (![1, 8, 24, 32].includes(bits)) throw unsupported(file, `a ${bits}-bit bitmap`);
  if (colors > 256) throw damaged(file, `a palette of ${colors} colours`);

  const paletteColors = bits <= 8 ? colors || 2 ** bits : colors;
  const maskBytes = headerSize === 40 && masks ? 12 : 0;
  const headerEnd = 14 + headerSize + maskBytes + paletteColors * 4;
  if (bytes.length < headerEnd) throw damaged(file, 'the palette is cut off');
  return {
    width,
    height,
    bits,
    hasAlpha: masks && headerSize >= 56 && bytes.readUInt32LE(66) !== 0,
    headerEnd,
    pixels: bytes.readUInt32LE(10),
  };
}

/** Decodes a BMP to RGB, alpha flattened on black. Same errors as readBmpHeader, and 'unreadable-image' when cut off. */
export function decodeBmp(bytes: Buffer, file: string): RgbPicture {
  const header = readBmpHeader(bytes, file);
  const { width, height, headerEnd, pixels } = header;
  const rowBytes = Math.ceil((width * header.bits) / 32) * 4;
  // Checked before bmp-ts allocates width x height x 4: a lying header must not cost memory.
  if (pixels < headerEnd || bytes.length - pixels < rowBytes * height) {
    throw damaged(
      file,
      `${rowBytes * height} bytes of pixels announced, ${Math.max(0, bytes.length - pixels)} there`,
    );
  }
  // bmp-ts ignores the pixel offset, so a gap in front of the pixels is taken out.
  const packed =
    pixels === headerEnd ? bytes : Buffer.concat([bytes.subarray(0, headerEnd), bytes.subarray(pixels)]);
  let abgr: Uint8Array;
  try {
    abgr = decode(packed).data;
  } catch (error) {
    throw damaged(file, error instanceof Error ? error.message : String(error));
  }
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const alpha = header.hasAlpha ? abgr[from]! : 255;
    for (let channel = 0; channel < 3; channel++) {
      data[to + channel] = Math.floor((abgr[from + 3 - channel]! * alpha) / 255);
    }
  }
  return { width, height, data };
}

function damaged(file: string, reason: string): StudioError {
  return new StudioError('unreadable-image', `The BMP file is truncated or damaged: ${reason}`, {
    file,
    hint: 'Copy or download it again.',
  });
}

function unsupported(file: string, what: string): StudioError {
  return new StudioError(
    'unsupported-image',
    `The file is ${what}; only uncompressed 1, 8, 24 and 32 bit are read`,
    {
      file,
      hint: 'Convert it to PNG.',
    },
  );
}

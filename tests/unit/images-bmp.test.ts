import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBmp, readBmpHeader } from '../../src-main/images/bmp.ts';
import { probePicture } from '../../src-main/images/probe.ts';
import { StudioError } from '../../src-shared/errors.ts';

type BmpOptions = {
  headerSize?: number;
  compression?: number;
  palette?: Buffer;
  colors?: number;
  gap?: number;
  masks?: number[];
};

/** A BMP of rows as given (bottom-up for positive `height`), each padded to 4 bytes. */
function bmp(width: number, height: number, bits: number, rows: Buffer[], options: BmpOptions = {}): Buffer {
  const { headerSize = 40, compression = 0, palette = Buffer.alloc(0), gap = 0, masks = [] } = options;
  const pixels = Buffer.concat(
    rows.map((row) => Buffer.concat([row, Buffer.alloc((4 - (row.length % 4)) % 4)])),
  );
  const header = Buffer.alloc(14 + headerSize);
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(header.length + palette.length + gap + pixels.length, 2);
  header.writeUInt32LE(header.length + palette.length + gap, 10);
  header.writeUInt32LE(headerSize, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(options.colors ?? palette.length / 4, 46);
  masks.forEach((mask, i) => header.writeUInt32LE(mask, 54 + i * 4));
  return Buffer.concat([header, palette, Buffer.alloc(gap), pixels]);
}

const TOP = Buffer.of(3, 2, 1, 6, 5, 4, 9, 8, 7);
const BOTTOM = Buffer.of(13, 12, 11, 16, 15, 14, 19, 18, 17);
const RGB = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19];

describe('BMP', () => {
  it('reads 24 bit with row padding, bottom-up, top-down and with a gap before the pixels', () => {
    for (const bytes of [
      bmp(3, 2, 24, [BOTTOM, TOP]),
      bmp(3, -2, 24, [TOP, BOTTOM]),
      bmp(3, 2, 24, [BOTTOM, TOP], { gap: 10 }),
      bmp(3, 2, 24, [BOTTOM, TOP], { headerSize: 124 }),
    ]) {
      expect(decodeBmp(bytes, 'x')).toEqual({ width: 3, height: 2, data: Uint8Array.from(RGB) });
    }
  });

  it('reads palettes of 8 and 1 bit', () => {
    const palette = Buffer.of(30, 20, 10, 0, 60, 50, 40, 0);
    expect([...decodeBmp(bmp(3, 1, 8, [Buffer.of(0, 1, 0)], { palette }), 'x').data]).toEqual([
      10, 20, 30, 40, 50, 60, 10, 20, 30,
    ]);
    expect([...decodeBmp(bmp(3, 1, 1, [Buffer.of(0b01000000)], { palette }), 'x').data]).toEqual([
      10, 20, 30, 40, 50, 60, 10, 20, 30,
    ]);
  });

  it('ignores the fourth byte of plain 32 bit, and flattens a declared alpha on black', () => {
    const row = Buffer.of(30, 20, 10, 128, 255, 255, 255, 0);
    expect([...decodeBmp(bmp(2, 1, 32, [row]), 'x').data]).toEqual([10, 20, 30, 255, 255, 255]);
    const masks = [0xff0000, 0xff00, 0xff, 0xff000000];
    const withAlpha = bmp(2, 1, 32, [row], { headerSize: 124, compression: 3, masks });
    expect([...decodeBmp(withAlpha, 'x').data]).toEqual([5, 10, 15, 0, 0, 0]);
  });

  it.each([
    [
      'run-length compression',
      bmp(4, 1, 8, [Buffer.of(4, 1, 0, 1)], { compression: 1, palette: Buffer.alloc(1024) }),
    ],
    ['16 bit', bmp(2, 1, 16, [Buffer.alloc(4)])],
    ['4 bit', bmp(2, 1, 4, [Buffer.alloc(1)], { palette: Buffer.alloc(64) })],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeBmp(bytes, 'x.bmp')).toThrow(
      expect.objectContaining({ code: 'unsupported-image', file: 'x.bmp' }),
    );
  });

  it('refuses a header that lies before memory is spent', async () => {
    const lying = bmp(20_000, 4_000, 24, [TOP]);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeBmp(lying, 'x')).toThrow(/240000000 bytes of pixels announced, 12 there/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    await expect(probePicture(bmp(2_000_000, 2_000, 24, [TOP]), 'x')).rejects.toThrow(/megapixels/);
    expect(() => readBmpHeader(bmp(3, 1, 24, [TOP], { colors: 4_000_000_000 }), 'x')).toThrow(/palette/);
    expect(() => decodeBmp(bmp(3, 2, 24, [BOTTOM, TOP]).subarray(0, 70), 'x')).toThrow(/announced/);
  });

  it('answers any bytes with a picture or a StudioError', () => {
    const valid = bmp(3, 2, 24, [BOTTOM, TOP]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 12 }),
        fc.nat(valid.length),
        (edits, end) => {
          const bytes = Buffer.from(valid);
          for (const [at, value] of edits) bytes[at] = value;
          try {
            const { width, height, data } = decodeBmp(bytes.subarray(0, end), 'x');
            expect(data).toHaveLength(width * height * 3);
          } catch (error) {
            expect(error).toBeInstanceOf(StudioError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

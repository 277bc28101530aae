import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src-main/images/decode.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { probePicture } from '../../src-main/images/probe.ts';
import { PILLOW_FILES } from './images-pillow-files.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared/data');

/** Pillow 12.3: exif_transpose(Image.open(file)).convert('RGB'), SHA-256 of the bytes. */
const SHARED_PICTURES: [file: string, width: number, height: number, sha256: string][] = [
  [
    'live-itw-sample/ChallengeDB_release/Images/1024.JPG',
    640,
    960,
    '48951a1247b3d9f797685178ae4ca9c91a2e166043e9456cb76e8e49560c7984',
  ],
  [
    'live-itw-sample/ChallengeDB_release/Images/1113.JPG',
    608,
    608,
    '85fa409547a46ec65251abc75827a9e015a85a7599befd7faa4827880b39b13e',
  ],
  [
    'live-itw-sample/ChallengeDB_release/Images/13.bmp',
    500,
    500,
    '5abb5f850b8b9b5302f59eb64f43dab6dfada0910a9afcbe09f1e143153b12b0',
  ],
  [
    'agiqa-3k-sample/images/AttnGAN_normal_007.jpg',
    512,
    512,
    '680c3b359e9586f4fc7af90da201f95b16a76fd16b553142d0b45276ce4a52aa',
  ],
  ['small/tid2013/I01.BMP', 512, 384, '808da29e5ff6c599ab78bec3fee94db371232563135a736639c779fcc5dd6a30'],
  [
    'small/tid2013/i04_14_4.bmp',
    512,
    384,
    '7471c7b236d0075988436be9ba17cec98e174c0819b1ea95be2212eeb482ac66',
  ],
  [
    'small/koniq_512x384/10007903636.jpg',
    512,
    384,
    '85e63518d0edf44bb4d0b0ffa0d790e3f154f4a5a3c56cd799e333d9272096c6',
  ],
];

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

function fill(length: number, valueAt: (i: number) => number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => valueAt(i)));
}

function pattern(width: number, height: number, channels = 3): Buffer {
  return fill(width * height * channels, (i) => (i * 37 + (i >> 3) * 11) % 256);
}

function png(width: number, height: number, bits: number, colourType: number, samples: Buffer): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colourType, 0, 0, 0], 8);
  const stride = samples.length / height;
  const rows = Array.from({ length: height }, (_, y) => [
    Buffer.of(0),
    samples.subarray(y * stride, (y + 1) * stride),
  ]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('equal to Pillow, bit for bit', () => {
  it.each(PILLOW_FILES)('$title', async ({ base64, width, height, sha256: expected }) => {
    const bytes = Buffer.from(base64, 'base64');
    const picture = await decodePicture(bytes, 'x');
    expect([picture.width, picture.height, sha256(picture.data)]).toEqual([width, height, expected]);
    expect(await probePicture(bytes, 'x')).toMatchObject({ width, height });
  });

  // Skipped where ../shared is not there; the small files above cover the same rules.
  it.skipIf(!existsSync(SHARED)).each(SHARED_PICTURES)(
    '%s (../shared)',
    async (file, width, height, expected) => {
      const bytes = readFileSync(path.join(SHARED, file));
      const picture = await decodePicture(bytes, file);
      expect([picture.width, picture.height, sha256(picture.data)]).toEqual([width, height, expected]);
    },
  );
});

describe('rules of the decoded picture', () => {
  /** Where pixel (x, y) of the shown picture lies in the stored one, per EXIF 2.3 orientation tag. */
  const STORED: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y, w) => [w - 1 - x, y],
    3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
    4: (x, y, _, h) => [x, h - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y, _, h) => [y, h - 1 - x],
    7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
    8: (x, y, w) => [w - 1 - y, x],
  };
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i', async (orientation) => {
    const [w, h] = [5, 3];
    const stored = pattern(w, h);
    const LOSSLESS = { tiff: { compression: 'lzw' }, webp: { lossless: true }, png: {} } as const;
    for (const format of ['tiff', 'webp', 'png'] as const) {
      const bytes = await sharp(stored, { raw: { width: w, height: h, channels: 3 } })
        .withMetadata({ orientation })
        .toFormat(format, LOSSLESS[format])
        .toBuffer();
      const { width, height, data } = await decodePicture(bytes, 'x');
      expect([width, height]).toEqual(orientation < 5 ? [w, h] : [h, w]);
      expect(await probePicture(bytes, 'x')).toEqual({ format, width, height });
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [sx, sy] = STORED[orientation]!(x, y, w, h);
          expect(data[(y * width + x) * 3]).toBe(stored[(sy * w + sx) * 3]);
        }
      }
    }
  });

  it('ignores an embedded profile', async () => {
    const raw = pattern(8, 8);
    const bytes = await sharp(raw, { raw: { width: 8, height: 8, channels: 3 } })
      .withMetadata({ icc: 'p3' })
      .png()
      .toBuffer();
    const plain = await sharp(bytes, { ignoreIcc: true }).png().toBuffer();
    expect((await sharp(bytes).metadata()).hasProfile).toBe(true);
    expect((await decodePicture(bytes, 'x')).data).toEqual((await decodePicture(plain, 'x')).data);
  });

  it('reduces 16 bit by >> 8 before alpha, which is flattened on black as floor(v * a / 255)', async () => {
    const samples = fill(6 * 4 * 8, (i) => (i * 89 + 7) % 256);
    const { data } = await decodePicture(png(6, 4, 16, 6, samples), 'x');
    const expected = Uint8Array.from({ length: 6 * 4 * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3) * 8;
      return Math.floor((samples[pixel + (i % 3) * 2]! * samples[pixel + 6]!) / 255);
    });
    expect(Buffer.from(data)).toEqual(Buffer.from(expected));
  });

  it('expands grey, grey with alpha and 16-bit grey', async () => {
    const grey = Buffer.of(0, 100, 200, 255);
    expect([...(await decodePicture(png(4, 1, 8, 0, grey), 'x')).data]).toEqual([
      0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255,
    ]);
    expect([...(await decodePicture(png(2, 1, 8, 4, Buffer.of(200, 128, 99, 255)), 'x')).data]).toEqual([
      100, 100, 100, 99, 99, 99,
    ]);
    expect([...(await decodePicture(png(2, 1, 16, 0, Buffer.of(1, 255, 254, 255)), 'x')).data]).toEqual([
      1, 1, 1, 254, 254, 254,
    ]);
  });

  it('does not believe the extension', async () => {
    const bytes = png(2, 2, 8, 2, pattern(2, 2));
    expect(await probePicture(bytes, 'photo.jpg')).toMatchObject({ format: 'png' });
    expect((await decodePicture(bytes, 'photo.jpg')).data).toHaveLength(12);
  });
});

describe('refused with a reason', () => {
  const outcome = async (
    bytes: Buffer,
  ): Promise<RgbPicture | { code: string; message: string; file: string }> =>
    decodePicture(bytes, 'bad.img').catch((error: { code: string; message: string; file: string }) => error);

  it('CMYK JPEG and TIFF, float TIFF', async () => {
    const image = sharp(pattern(8, 8), { raw: { width: 8, height: 8, channels: 3 } });
    for (const bytes of [
      await image.clone().toColourspace('cmyk').jpeg().toBuffer(),
      await image.clone().toColourspace('cmyk').tiff().toBuffer(),
      // A 2 x 2 float TIFF by Pillow.
      Buffer.from(
        'SUkqAAgAAAAKAAABBAABAAAAAgAAAAEBBAABAAAAAgAAAAIBAwABAAAAIAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAAABEBBAABAAAAhgAAABYBBAABAAAAAgAAABcBBAABAAAAEAAAABwBAwABAAAAAQAAAFMBAwABAAAAAwAAAAAAAAAAAIA/AACAPwAAgD8AAIA/',
        'base64',
      ),
    ]) {
      expect(await outcome(bytes)).toMatchObject({
        code: 'unsupported-image',
        file: 'bad.img',
        message: /Colour model/,
      });
    }
  });

  it('a zip bomb PNG, from its header and at once', async () => {
    const bomb = png(60_000, 2, 8, 2, Buffer.alloc(360_000));
    bomb.writeUInt32BE(60_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const before = process.memoryUsage().rss;
    const started = performance.now();
    expect(await outcome(bomb)).toMatchObject({
      code: 'unsupported-image',
      message: /60000 x 60000 is 3600 megapixels/,
    });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it.each([
    ['', 'unreadable-image', /empty/],
    ['<!DOCTYPE html><html>', 'unsupported-image', /HTML/],
    ['GIF89a\x01\x00\x01\x00', 'unsupported-image', /GIF/],
    ['\x00\x00\x00\x18ftypheic', 'unsupported-image', /HEIC/],
    ['version https://git-lfs.github.com/spec/v1', 'unsupported-image', /Git LFS/],
    ['\x89PNG\r\n\x1a\n nonsense that is no chunk', 'unreadable-image', /damaged/],
    ['\xff\xd8\xff\xe0 nonsense', 'unreadable-image', /damaged/],
  ])('%j', async (text, code, message) => {
    expect(await outcome(Buffer.from(text, 'latin1'))).toMatchObject({ code, message, file: 'bad.img' });
  });

  it('truncated files of every format, wherever they end inside the picture', async () => {
    // Noise does not compress, so every cut goes through the picture itself.
    const noise = fill(64 * 48 * 3, (i) => Math.imul(i + 1, 2654435761) >>> 24);
    const image = sharp(noise, { raw: { width: 64, height: 48, channels: 3 } });
    const files = [
      await image.clone().jpeg().toBuffer(),
      await image.clone().jpeg({ progressive: true }).toBuffer(),
      await image.clone().png().toBuffer(),
      await image.clone().webp().toBuffer(),
      await image.clone().tiff({ compression: 'lzw' }).toBuffer(),
    ];
    for (const file of files) {
      for (const share of [0.02, 0.3, 0.6, 0.95]) {
        const cut = file.subarray(0, Math.floor(file.length * share));
        expect(await outcome(cut)).toMatchObject({
          code: expect.stringMatching(/^un(readable|supported)-image$/),
          file: 'bad.img',
        });
      }
      expect(await outcome(file.subarray(0, Math.floor(file.length * 0.6)))).toMatchObject({
        code: 'unreadable-image',
      });
    }
  });
});

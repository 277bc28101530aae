import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src-main/images/decode.ts';
import { makeThumbnail, viewablePicture } from '../../src-main/images/thumbnail.ts';
import { PILLOW_FILES } from './images-pillow-files.ts';

const photo = sharp({
  create: { width: 400, height: 200, channels: 3, background: { r: 200, g: 40, b: 90 } },
});
const pillowFile = (title: string): Buffer =>
  Buffer.from(PILLOW_FILES.find((file) => file.title === title)!.base64, 'base64');

describe('makeThumbnail', () => {
  it('is a WebP within the asked side, turned as the picture is shown', async () => {
    const bytes = await photo.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { format, width, height } = await sharp(await makeThumbnail(bytes, 'x', 100)).metadata();
    expect({ format, width, height }).toEqual({ format: 'webp', width: 50, height: 100 });
  });

  it('never enlarges, and takes every format', async () => {
    for (const { base64, width, height } of PILLOW_FILES) {
      const thumbnail = await sharp(await makeThumbnail(Buffer.from(base64, 'base64'), 'x', 300)).metadata();
      expect(thumbnail).toMatchObject({ format: 'webp', width, height });
    }
  });

  it('puts transparency on black', async () => {
    const bytes = await sharp({
      create: { width: 40, height: 40, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } },
    })
      .png()
      .toBuffer();
    const { data, info } = await sharp(await makeThumbnail(bytes, 'x', 20))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(3);
    expect(Math.max(...data)).toBeLessThan(3);
  });

  it('fails with the decoder’s error', async () => {
    await expect(makeThumbnail(Buffer.from('nonsense'), 'a.jpg', 100)).rejects.toMatchObject({
      code: 'unsupported-image',
      file: 'a.jpg',
    });
    const jpeg = await photo.clone().jpeg().toBuffer();
    await expect(makeThumbnail(jpeg.subarray(0, 700), 'a.jpg', 100)).rejects.toMatchObject({
      code: 'unreadable-image',
    });
  });
});

describe('viewablePicture', () => {
  it('hands over the file itself where a browser shows the decoded picture from it', async () => {
    for (const title of ['JPEG 4:2:0', 'palette PNG', 'WebP']) {
      const bytes = pillowFile(title);
      expect((await viewablePicture(bytes, 'x')).bytes).toBe(bytes);
    }
  });

  it.each([
    'JPEG with a wide-gamut ICC profile, EXIF orientation 6',
    'PNG with gAMA and cHRM',
    'PNG with alpha, on black',
    '16-bit grey PNG, >> 8',
    'animated WebP, first frame',
    'TIFF, LZW',
    'BMP, 24 bit, bottom-up',
  ])('%s becomes a PNG of the decoded picture', async (title) => {
    const bytes = pillowFile(title);
    const view = await viewablePicture(bytes, 'x');
    expect(view.contentType).toBe('image/png');
    expect(view.bytes).not.toBe(bytes);
    expect((await decodePicture(view.bytes, 'x')).data).toEqual((await decodePicture(bytes, 'x')).data);
  });
});

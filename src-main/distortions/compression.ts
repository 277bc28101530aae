import sharp from 'sharp';
import type { RgbPicture } from '../images/picture.ts';
import { decodeJpeg2000, encodeJpeg2000 } from './openjpeg.ts';

/** Type 09: JPEG2000 at a compression ratio (raw RGB bytes / file bytes), OpenJPEG's defaults for lossy coding. */
export async function compressJpeg2000(picture: RgbPicture, ratio: number): Promise<RgbPicture> {
  return { ...picture, data: await decodeJpeg2000(await encodeJpeg2000(picture, ratio)) };
}

/** Type 10: one pass through libjpeg-turbo's baseline coder, 4:2:0, standard tables. */
export async function compressJpeg(picture: RgbPicture, quality: number): Promise<RgbPicture> {
  const { width, height, data } = picture;
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: '4:2:0', mozjpeg: false })
    .toBuffer();
  const decoded = await sharp(jpeg).raw().toBuffer();
  return { width, height, data: new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength) };
}

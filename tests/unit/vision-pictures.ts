import type { RgbPicture } from '../../src-main/images/picture.ts';
import expected from './vision-pillow.json' with { type: 'json' };

/** Pictures that Python makes alike (vision-pillow.py): noise, which overshoots and clips, and smooth ramps. */
export function pillowPicture(kind: string, width: number, height: number): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const c = i % 3;
    const x = ((i - c) / 3) % width;
    const y = Math.floor(i / (3 * width));
    data[i] =
      kind === 'noise' ? Math.imul(i, 2654435761) >>> 24 : (x * 3 + y * 5 + c * 85 + ((x * y) >> 4)) & 255;
  }
  return { width, height, data };
}

/** Values of an input tensor by Pillow and NumPy; `region` is x, y, width, height. */
export type TensorRow = {
  source: string | [kind: string, width: number, height: number];
  region: [number, number, number, number];
  encoder: string;
  samples: [index: number, value: number][];
  mean: number;
  squares: number;
};

/** What Pillow and NumPy make of the pictures (vision-pillow.py). */
export const PILLOW = expected as unknown as {
  resizes: [
    ...[kind: string, width: number, height: number],
    ...[x: number, y: number, w: number, h: number],
    ...[outWidth: number, outHeight: number, filter: 'bicubic' | 'bilinear'],
    ...[wx: number, wy: number, ww: number, wh: number],
    sha256: string,
  ][];
  tensors: TensorRow[];
};

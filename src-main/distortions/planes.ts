import type { RgbPicture } from '../images/picture.ts';

/** A picture as three float planes of width * height values: R, G, B in 0..1, or L, a, b. */
export type Planes = {
  width: number;
  height: number;
  planes: [Float32Array, Float32Array, Float32Array];
};

/** R, G, B planes in 0..1. */
export function toPlanes({ width, height, data }: RgbPicture): Planes {
  const size = width * height;
  const r = new Float32Array(size);
  const g = new Float32Array(size);
  const b = new Float32Array(size);
  for (let i = 0, k = 0; i < size; i++, k += 3) {
    r[i] = data[k]! / 255;
    g[i] = data[k + 1]! / 255;
    b[i] = data[k + 2]! / 255;
  }
  return { width, height, planes: [r, g, b] };
}

/** Back to 8 bit: rounded to nearest, clamped to 0..255. */
export function toPicture({ width, height, planes: [r, g, b] }: Planes): RgbPicture {
  const size = width * height;
  const data = new Uint8Array(size * 3);
  for (let i = 0, k = 0; i < size; i++, k += 3) {
    data[k] = toByte(r[i]!);
    data[k + 1] = toByte(g[i]!);
    data[k + 2] = toByte(b[i]!);
  }
  return { width, height, data };
}

/** 0..1 to 0..255, rounded to nearest and clamped. */
export function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 1 ? 255 : (value * 255 + 0.5) | 0;
}

/** The same function on each plane. */
export function mapPlanes(picture: Planes, change: (plane: Float32Array) => Float32Array): Planes {
  const [first, second, third] = picture.planes;
  return { ...picture, planes: [change(first), change(second), change(third)] };
}

/** A picture whose every byte went through a table of 256 values in 0..1: tone curves and quantisation. */
export function throughCurve(picture: RgbPicture, curve: (value: number) => number): RgbPicture {
  const table = Uint8Array.from({ length: 256 }, (_, byte) => toByte(curve(byte / 255)));
  return { ...picture, data: picture.data.map((byte) => table[byte]!) };
}

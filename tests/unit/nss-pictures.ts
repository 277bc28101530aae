import type { RgbPicture } from '../../src-main/images/picture.ts';
import { generator } from '../fixtures/natural-picture.ts';

/** A value 0..255 of channel 0..2 at (x, y); `random` is seeded by the picture. */
type Paint = (x: number, y: number, channel: number, random: () => number) => number;

/** Kinds of pictures, each hard on some feature: ties of LBP, thresholds of moments, symmetric blocks, extremes. */
export const KINDS = {
  noise: (_x, _y, _c, random) => Math.floor(random() * 256),
  blackAndWhite: (_x, _y, _c, random) => (random() < 0.5 ? 0 : 255),
  flat: () => 77,
  black: () => 0,
  white: () => 255,
  sparseBlue: (_x, _y, c, random) => 200 + (random() < 0.003 && c === 2 ? 1 : 0),
  blueNoise: (_x, _y, c, random) => 250 + Math.floor(random() * (c === 2 ? 3 : 1)),
  softNoise: (_x, _y, _c, random) => 128 + Math.floor(random() * 2),
  darkNoise: (_x, _y, _c, random) => (random() < 0.1 ? 1 : 0),
  ramp: (x, y) => (2 * x + y) & 255,
  checker: (x, y) => (((x / 5) ^ (y / 5)) & 1) * 255,
  stripes: (x) => (x & 2 ? 255 : 0),
  digitEdges: (_x, _y, _c, random) => [0, 1, 9, 10, 99, 100, 199, 200, 255][Math.floor(random() * 9)]!,
} satisfies Record<string, Paint>;

/** A picture of a kind; the same arguments give the same bytes. */
export function paint(kind: keyof typeof KINDS, width: number, height: number, seed: number): RgbPicture {
  const random = generator(seed);
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return KINDS[kind](pixel % width, Math.floor(pixel / width), i % 3, random);
  });
  return { width, height, data };
}

/** The measure of nss.md: max over dimensions of |a - b| / max(1, |b|); Infinity where a value is NaN. */
export function largestDeviation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(b).reduce((worst, value, i) => {
    const deviation = Math.abs(a[i]! - value) / Math.max(1, Math.abs(value));
    return Number.isNaN(deviation) ? Infinity : Math.max(worst, deviation);
  }, 0);
}

import type { RgbPicture } from '../images/picture.ts';
import type { Planes } from './planes.ts';

/** sRGB (IEC 61966-2-1) to CIELAB under D65 and back. L 0..100; a, b about -110..110. */

const WHITE_X = 0.95047;
const WHITE_Z = 1.08883;
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;

/** Byte to linear light. */
const LINEAR = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
});

/** Linear light 0..1 to sRGB 0..1 in steps of 1 / 8192: pow per pixel would dominate the time. */
const STEPS = 8192;
const ENCODED = Float64Array.from({ length: STEPS + 2 }, (_, step) => {
  const value = step / STEPS;
  return value <= 0.0031308 ? value * 12.92 : 1.055 * Math.pow(value, 1 / 2.4) - 0.055;
});

/** Linear light to sRGB 0..1, clamped to the gamut. */
export function encodeSrgb(linear: number): number {
  if (linear <= 0) return 0;
  if (linear >= 1) return 1;
  const position = linear * STEPS;
  const step = position | 0;
  const low = ENCODED[step]!;
  return low + (ENCODED[step + 1]! - low) * (position - step);
}

/** L, a, b planes of an 8-bit sRGB picture. */
export function toLab({ width, height, data }: RgbPicture): Planes {
  const size = width * height;
  const L = new Float32Array(size);
  const a = new Float32Array(size);
  const b = new Float32Array(size);
  for (let i = 0, k = 0; i < size; i++, k += 3) {
    const red = LINEAR[data[k]!]!;
    const green = LINEAR[data[k + 1]!]!;
    const blue = LINEAR[data[k + 2]!]!;
    const fx = compress((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / WHITE_X);
    const fy = compress(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
    const fz = compress((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / WHITE_Z);
    L[i] = 116 * fy - 16;
    a[i] = 500 * (fx - fy);
    b[i] = 200 * (fy - fz);
  }
  return { width, height, planes: [L, a, b] };
}

/** sRGB planes in 0..1 from L, a, b; colours outside the gamut are clamped channel by channel. */
export function fromLab({ width, height, planes: [L, a, b] }: Planes): Planes {
  const size = width * height;
  const r = new Float32Array(size);
  const g = new Float32Array(size);
  const blue = new Float32Array(size);
  const light: LinearRgb = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    labToLinear(L[i]!, a[i]!, b[i]!, light);
    r[i] = encodeSrgb(light[0]);
    g[i] = encodeSrgb(light[1]);
    blue[i] = encodeSrgb(light[2]);
  }
  return { width, height, planes: [r, g, blue] };
}

/** Linear red, green, blue; in gamut when all are in 0..1. */
export type LinearRgb = [number, number, number];

/** One colour to linear light, into `out` (no allocation in the inner loop), not clamped. */
export function labToLinear(L: number, a: number, b: number, out: LinearRgb): void {
  const fy = (L + 16) / 116;
  const x = WHITE_X * expand(fy + a / 500);
  const y = expand(fy);
  const z = WHITE_Z * expand(fy - b / 200);
  out[0] = 3.2404542 * x - 1.5371385 * y - 0.4985314 * z;
  out[1] = -0.969266 * x + 1.8760108 * y + 0.041556 * z;
  out[2] = 0.0556434 * x - 0.2040259 * y + 1.0572252 * z;
}

function compress(t: number): number {
  return t > EPSILON ? Math.cbrt(t) : (KAPPA * t + 16) / 116;
}

function expand(f: number): number {
  const cube = f * f * f;
  return cube > EPSILON ? cube : (116 * f - 16) / KAPPA;
}

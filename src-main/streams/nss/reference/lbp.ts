import type { Plane } from './luma.ts';
import { pixel } from './luma.ts';
import { shares } from './moments.ts';

const SAMPLES = 13;
const RADIUS = 2;
/** Half a thousandth: between the values that luma differences can take, so rounding cannot flip a bit. */
const TIE = -5e-4;

type Offset = { x0: number; y0: number; fx: number; fy: number };

const OFFSETS: Offset[] = Array.from({ length: SAMPLES }, (_, k) => {
  const angle = (2 * Math.PI * k) / SAMPLES;
  const dx = Number((RADIUS * Math.cos(angle)).toFixed(5));
  const dy = Number((-RADIUS * Math.sin(angle)).toFixed(5));
  return { x0: Math.floor(dx), y0: Math.floor(dy), fx: dx - Math.floor(dx), fy: dy - Math.floor(dy) };
});

/** Uniform rotation-invariant LBP codes 0..14 of every pixel of the luma plane Y (nss.md, features 9-23). */
export function lbpCodes(luma: Plane): Plane {
  const codes = new Float64Array(luma.values.length);
  for (let y = 0; y < luma.height; y++) {
    for (let x = 0; x < luma.width; x++) codes[y * luma.width + x] = codeAt(luma, x, y);
  }
  return { ...luma, values: codes };
}

/** Features 9-23 of a block: the histogram of its codes, summing to 1. */
export function lbpFeatures(codes: Float64Array): number[] {
  return shares(codes, SAMPLES + 2);
}

function codeAt(luma: Plane, x: number, y: number): number {
  const centre = pixel(luma, x, y);
  const bits = OFFSETS.map((offset) => (sample(luma, x, y, offset) - centre >= TIE ? 1 : 0));
  let ones = 0;
  let transitions = 0;
  bits.forEach((bit, k) => {
    ones += bit;
    transitions += bit === bits[(k + SAMPLES - 1) % SAMPLES] ? 0 : 1;
  });
  return transitions <= 2 ? ones : SAMPLES + 1;
}

function sample(luma: Plane, x: number, y: number, { x0, y0, fx, fy }: Offset): number {
  const row = (at: number) => (1 - fx) * pixel(luma, x + x0, at) + fx * pixel(luma, x + x0 + 1, at);
  return (1 - fy) * row(y + y0) + fy * row(y + y0 + 1);
}

import { describe, expect, it } from 'vitest';
import { deadLeavesScene } from '../../src-main/distortions/dead-leaves.ts';
import { Random } from '../../src-main/distortions/random.ts';
import { fractalTile, sampleTile } from '../../src-main/distortions/texture.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';

const SIDE = 256;

/** In-place radix-2 FFT of one line. */
function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  if (n === 1) return;
  const part = (values: Float64Array, odd: number) =>
    Float64Array.from({ length: n / 2 }, (_, i) => values[2 * i + odd]!);
  const [evenRe, evenIm, oddRe, oddIm] = [part(re, 0), part(im, 0), part(re, 1), part(im, 1)];
  fft(evenRe, evenIm);
  fft(oddRe, oddIm);
  for (let k = 0; k < n / 2; k++) {
    const angle = (-2 * Math.PI * k) / n;
    const tRe = Math.cos(angle) * oddRe[k]! - Math.sin(angle) * oddIm[k]!;
    const tIm = Math.cos(angle) * oddIm[k]! + Math.sin(angle) * oddRe[k]!;
    [re[k], im[k], re[k + n / 2], im[k + n / 2]] = [
      evenRe[k]! + tRe,
      evenIm[k]! + tIm,
      evenRe[k]! - tRe,
      evenIm[k]! - tIm,
    ];
  }
}

/** Slope of log amplitude over log frequency, 4 to 100 cycles per picture, of a Hann-windowed 256 x 256 square. */
function spectralSlope(luma: Float64Array): number {
  const mean = luma.reduce((sum, value) => sum + value, 0) / luma.length;
  const hann = (i: number): number => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIDE);
  const re = luma.map((value, i) => (value - mean) * hann(i % SIDE) * hann(Math.floor(i / SIDE)));
  const im = new Float64Array(re.length);
  const column = (values: Float64Array, x: number) =>
    Float64Array.from({ length: SIDE }, (_, y) => values[y * SIDE + x]!);
  for (let y = 0; y < SIDE; y++)
    fft(re.subarray(y * SIDE, (y + 1) * SIDE), im.subarray(y * SIDE, (y + 1) * SIDE));
  const sums = new Float64Array(SIDE);
  const counts = new Float64Array(SIDE);
  for (let x = 0; x < SIDE; x++) {
    const [columnRe, columnIm] = [column(re, x), column(im, x)];
    fft(columnRe, columnIm);
    for (let y = 0; y < SIDE; y++) {
      const radius = Math.round(Math.hypot(Math.min(x, SIDE - x), Math.min(y, SIDE - y)));
      sums[radius]! += Math.hypot(columnRe[y]!, columnIm[y]!);
      counts[radius]!++;
    }
  }
  const points = Array.from(
    { length: 96 },
    (_, k) => [Math.log(k + 4), Math.log(sums[k + 4]! / counts[k + 4]!)] as const,
  );
  const [mx, my] = [0, 1].map(
    (c) => points.reduce((sum, point) => sum + point[c as 0 | 1], 0) / points.length,
  ) as [number, number];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

function lumaOf({ width, data }: RgbPicture): Float64Array {
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    const k = (Math.floor(i / SIDE) * width + (i % SIDE)) * 3;
    return 0.299 * data[k]! + 0.587 * data[k + 1]! + 0.114 * data[k + 2]!;
  });
}

describe('dead-leaves scenes', () => {
  it('have about a 1/f amplitude spectrum, which white noise has not', () => {
    const slopes = Array.from({ length: 6 }, (_, i) =>
      spectralSlope(lumaOf(deadLeavesScene(`scene ${i}`, 384, 288))),
    );
    for (const slope of slopes) {
      expect(slope).toBeGreaterThan(-1.6);
      expect(slope).toBeLessThan(-0.8);
    }
    const mean = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
    expect(mean).toBeGreaterThan(-1.45);
    const random = new Random('white');
    expect(
      Math.abs(spectralSlope(Float64Array.from({ length: SIDE * SIDE }, () => random.gaussian()))),
    ).toBeLessThan(0.05);
  });

  it('are the same for the same seed and differ otherwise', () => {
    const first = deadLeavesScene('one', 128, 96);
    expect(deadLeavesScene('one', 128, 96)).toEqual(first);
    expect(deadLeavesScene('two', 128, 96).data).not.toEqual(first.data);
    expect(first.data).toHaveLength(128 * 96 * 3);
  });

  it('use the range: neither flat nor clipped', () => {
    for (const seed of ['k', 'l', 'm']) {
      const { data } = deadLeavesScene(seed, 192, 144);
      const clipped = data.filter((value) => value === 0 || value === 255).length / data.length;
      expect(clipped).toBeLessThan(0.2);
      expect(new Set(data).size).toBeGreaterThan(150);
    }
  });
});

describe('the texture tile', () => {
  it('has mean 0, deviation 1, repeats, and is 1/f', () => {
    const tile = fractalTile(new Random('tile'));
    const mean = tile.values.reduce((sum, value) => sum + value, 0) / tile.values.length;
    const variance = tile.values.reduce((sum, value) => sum + value * value, 0) / tile.values.length;
    expect(mean).toBeCloseTo(0, 3);
    expect(variance).toBeCloseTo(1, 3);
    expect(sampleTile(tile, 3.25, -7.5)).toBeCloseTo(sampleTile(tile, 3.25 + 512, 512 - 7.5), 6);
    const part = Float64Array.from({ length: SIDE * SIDE }, (_, i) =>
      sampleTile(tile, i % SIDE, Math.floor(i / SIDE)),
    );
    expect(spectralSlope(part)).toBeGreaterThan(-1.4);
    expect(spectralSlope(part)).toBeLessThan(-0.7);
  });
});

describe('random numbers', () => {
  it('have the moments of their distributions; every list of parts is a stream of its own', () => {
    const random = new Random('moments');
    const values = Array.from({ length: 20_000 }, () => random.gaussian());
    const moment = (power: number): number =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.03);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.25);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) counts[random.integer(10)]!++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
    expect(new Random(1, 'a').next()).not.toBe(new Random(1, 'b').next());
    expect(new Random(1, 'a').next()).toBe(new Random(1, 'a').next());
  });
});

import type { Random } from './random.ts';

/** A square texture that repeats: mean 0, standard deviation 1, side a power of two. */
export type Tile = { side: number; values: Float32Array };

const SIDE = 512;

/**
 * A tile of 1/f noise: octaves of smooth value noise, each with the same variance. In two dimensions equal variance
 * per octave is a power spectrum of f^-2, so an amplitude spectrum of 1/f.
 */
export function fractalTile(random: Random): Tile {
  const values = new Float32Array(SIDE * SIDE);
  for (let cells = 4; cells <= SIDE; cells *= 2) addOctave(values, cells, random);
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  const deviation = Math.sqrt(variance);
  return { side: SIDE, values: values.map((value) => (value - mean) / deviation) };
}

/** Gaussian values on a grid of cells x cells, smoothly interpolated (cubic fade), wrapped round. */
function addOctave(values: Float32Array, cells: number, random: Random): void {
  const grid = Float32Array.from({ length: cells * cells }, () => random.gaussian());
  const step = SIDE / cells;
  for (let y = 0; y < SIDE; y++) {
    const v = fade((y % step) / step);
    const upper = Math.floor(y / step) * cells;
    const lower = (Math.floor(y / step + 1) % cells) * cells;
    for (let x = 0; x < SIDE; x++) {
      const u = fade((x % step) / step);
      const left = Math.floor(x / step);
      const right = (left + 1) % cells;
      values[y * SIDE + x]! +=
        (1 - v) * ((1 - u) * grid[upper + left]! + u * grid[upper + right]!) +
        v * ((1 - u) * grid[lower + left]! + u * grid[lower + right]!);
    }
  }
}

function fade(t: number): number {
  return t * t * (3 - 2 * t);
}

/** The tile's value at (x, y) texels, bilinear, repeated beyond its borders. */
export function sampleTile({ side, values }: Tile, x: number, y: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const u = x - left;
  const v = y - top;
  const mask = side - 1;
  const x0 = left & mask;
  const x1 = (left + 1) & mask;
  const y0 = (top & mask) * side;
  const y1 = ((top + 1) & mask) * side;
  return (
    (1 - v) * ((1 - u) * values[y0 + x0]! + u * values[y0 + x1]!) +
    v * ((1 - u) * values[y1 + x0]! + u * values[y1 + x1]!)
  );
}

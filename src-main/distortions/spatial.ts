import type { RgbPicture } from '../images/picture.ts';
import { throughCurve, toPicture, toPlanes } from './planes.ts';
import type { Random } from './random.ts';

const JITTER_PASSES = 5;
const PATCH = 16;
const BLOCK = 32;

/** Type 19: five passes that each fetch every pixel from a Gaussian distance away (deviation `amount` px, bilinear). */
export function jitter(picture: RgbPicture, amount: number, random: Random): RgbPicture {
  const { width, height } = picture;
  const moved = toPlanes(picture);
  for (let pass = 0; pass < JITTER_PASSES; pass++) {
    const [r, g, b] = moved.planes;
    const next = toPlanes(picture).planes;
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const fromX = Math.min(width - 1, Math.max(0, x - amount * random.gaussian()));
        const fromY = Math.min(height - 1, Math.max(0, y - amount * random.gaussian()));
        const left = Math.min(width - 2, fromX | 0);
        const top = Math.min(height - 2, fromY | 0);
        const u = fromX - left;
        const v = fromY - top;
        const k = top * width + left;
        const w00 = (1 - u) * (1 - v);
        const w01 = u * (1 - v);
        const w10 = (1 - u) * v;
        const w11 = u * v;
        next[0][i] = w00 * r[k]! + w01 * r[k + 1]! + w10 * r[k + width]! + w11 * r[k + width + 1]!;
        next[1][i] = w00 * g[k]! + w01 * g[k + 1]! + w10 * g[k + width]! + w11 * g[k + width + 1]!;
        next[2][i] = w00 * b[k]! + w01 * b[k + 1]! + w10 * b[k + width]! + w11 * b[k + width + 1]!;
      }
    }
    moved.planes = next;
  }
  return toPicture(moved);
}

/** Type 20: `patches` pieces of 16 x 16 px of the original put back up to 8 px from where they were. */
export function movePatches(picture: RgbPicture, patches: number, random: Random): RgbPicture {
  const { width, height, data } = picture;
  const out = data.slice();
  const place = (at: number, length: number): number => Math.min(length - PATCH, Math.max(0, at));
  for (let n = 0; n < patches; n++) {
    const fromX = random.integer(width - PATCH + 1);
    const fromY = random.integer(height - PATCH + 1);
    const toX = place(fromX + random.integer(PATCH + 1) - PATCH / 2, width);
    const toY = place(fromY + random.integer(PATCH + 1) - PATCH / 2, height);
    for (let y = 0; y < PATCH; y++) {
      const start = ((fromY + y) * width + fromX) * 3;
      out.set(data.subarray(start, start + PATCH * 3), ((toY + y) * width + toX) * 3);
    }
  }
  return { width, height, data: out };
}

/** Type 21: nearest-neighbour scaling by .95 - strength^.6 and back. */
export function pixelate(picture: RgbPicture, strength: number): RgbPicture {
  const { width, height, data } = picture;
  const scale = 0.95 - Math.pow(strength, 0.6);
  const columns = sourceOf(width, Math.max(1, Math.round(width * scale)));
  const rows = sourceOf(height, Math.max(1, Math.round(height * scale)));
  const out = new Uint8Array(data.length);
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++, k += 3) {
      const from = (rows[y]! * width + columns[x]!) * 3;
      out[k] = data[from]!;
      out[k + 1] = data[from + 1]!;
      out[k + 2] = data[from + 2]!;
    }
  }
  return { width, height, data: out };
}

/** For each position, the one it shows after nearest-neighbour scaling of `length` to `small` and back. */
function sourceOf(length: number, small: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => {
    const inSmall = Math.floor(((i + 0.5) * small) / length);
    return Math.floor(((inSmall + 0.5) * length) / small);
  });
}

/** Type 22: each R, G, B value to the nearest of `levels` evenly spaced ones. */
export function quantise(picture: RgbPicture, levels: number): RgbPicture {
  return throughCurve(picture, (value) => Math.round(value * (levels - 1)) / (levels - 1));
}

/** Type 23: `blocks` squares of 32 px in random colours at random places. */
export function paintBlocks(picture: RgbPicture, blocks: number, random: Random): RgbPicture {
  const { width, height } = picture;
  const data = picture.data.slice();
  for (let n = 0; n < blocks; n++) {
    const left = random.integer(Math.max(1, width - BLOCK + 1));
    const top = random.integer(Math.max(1, height - BLOCK + 1));
    const colour = [random.integer(256), random.integer(256), random.integer(256)];
    for (let y = top; y < Math.min(height, top + BLOCK); y++) {
      for (let x = left; x < Math.min(width, left + BLOCK); x++) data.set(colour, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

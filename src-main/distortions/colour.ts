import type { RgbPicture } from '../images/picture.ts';
import { gaussianBlur } from './convolve.ts';
import { fromLab, toLab } from './lab.ts';
import { ditherToPalette, minimumVariancePalette } from './palette.ts';
import { toByte, toPicture } from './planes.ts';
import type { Random } from './random.ts';

/** Type 04: a, b of CIELAB blurred with sigma 1.5 amount + 2 px, then multiplied by the amount. */
export function diffuseColour(picture: RgbPicture, amount: number): RgbPicture {
  const lab = toLab(picture);
  for (const c of [1, 2] as const) {
    const blurred = gaussianBlur(lab.planes[c], lab.width, lab.height, 1.5 * amount + 2);
    lab.planes[c] = blurred.map((value) => value * amount);
  }
  return toPicture(fromLab(lab));
}

/** Type 05: green moved by `amount` px down and right in a random direction, blended in where edges are near. */
export function shiftColour(picture: RgbPicture, amount: number, random: Random): RgbPicture {
  const { width, height, data } = picture;
  const angle = random.uniform(0, Math.PI / 2);
  const dx = Math.round(amount * Math.cos(angle));
  const dy = Math.round(amount * Math.sin(angle));
  const weight = edgeWeight(picture);
  const out = data.slice();
  for (let y = 0; y < height; y++) {
    const fromRow = Math.max(0, y - dy) * width;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const moved = data[3 * (fromRow + Math.max(0, x - dx)) + 1]!;
      const own = data[3 * i + 1]!;
      out[3 * i + 1] = Math.round(own + weight[i]! * (moved - own));
    }
  }
  return { width, height, data: out };
}

/** Gradient magnitude of luma, blurred with sigma 4 px, scaled to 0..1, clamped to its 1st and 99th percentile. */
function edgeWeight({ width, height, data }: RgbPicture): Float32Array {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  }
  const gradient = new Float32Array(luma.length);
  for (let y = 0; y < height; y++) {
    const up = Math.max(0, y - 1) * width;
    const down = Math.min(height - 1, y + 1) * width;
    for (let x = 0; x < width; x++) {
      const left = luma[y * width + Math.max(0, x - 1)]!;
      const right = luma[y * width + Math.min(width - 1, x + 1)]!;
      const vertical = luma[down + x]! - luma[up + x]!;
      gradient[y * width + x] = Math.sqrt((right - left) * (right - left) + vertical * vertical);
    }
  }
  const edges = gaussianBlur(gradient, width, height, 4);
  const sorted = edges.slice().sort();
  const last = sorted.length - 1;
  const [lowest, highest] = [sorted[0]!, sorted[last]!];
  if (highest === lowest) return edges.fill(1);
  const low = sorted[Math.round(0.01 * last)]!;
  const high = sorted[Math.round(0.99 * last)]!;
  return edges.map((value) => (Math.min(high, Math.max(low, value)) - lowest) / (highest - lowest));
}

/** Type 06: a palette of `colours` entries found in the picture (minimum variance), with error diffusion. */
export function quantiseColours(picture: RgbPicture, colours: number): RgbPicture {
  return ditherToPalette(picture, minimumVariancePalette(picture, colours));
}

/**
 * Type 07: the S of HSV times a factor. At constant H and V every channel is V - S (V - channel) / S, so the factor
 * acts on the distance to the largest channel; a negative factor is not clamped and turns the hues round.
 */
export function scaleHsvSaturation(picture: RgbPicture, factor: number): RgbPicture {
  const { data } = picture;
  const out = new Uint8Array(data.length);
  for (let k = 0; k < data.length; k += 3) {
    const value = Math.max(data[k]!, data[k + 1]!, data[k + 2]!);
    for (let c = k; c < k + 3; c++) out[c] = toByte((value - factor * (value - data[c]!)) / 255);
  }
  return { ...picture, data: out };
}

/** Type 08: a, b of CIELAB times a factor. */
export function scaleLabChroma(picture: RgbPicture, factor: number): RgbPicture {
  const lab = toLab(picture);
  for (const c of [1, 2] as const) lab.planes[c] = lab.planes[c].map((value) => value * factor);
  return toPicture(fromLab(lab));
}

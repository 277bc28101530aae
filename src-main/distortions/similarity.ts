import type { RgbPicture } from '../images/picture.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { toLab } from './lab.ts';
import type { Planes } from './planes.ts';

/** The name of the measure, as dataset cards carry it. */
export const SIMILARITY_MEASURE = 'biqa-lab-ssim 1: multi-scale structure and colour similarity in CIELAB';

/** Weights of the scales, finest first (each half as large as the one before); they sum to 1. */
const SCALE_WEIGHTS = [0.3, 0.3, 0.2, 0.2] as const;
/** Side of the square windows, in px of the scale. */
const WINDOW = 7;
/** Stabilises flat windows, per channel, in squared Lab units: contrast far under sqrt(C) does not count. */
const C_STRUCTURE = { L: 4, chroma: 20 } as const;
/** A difference of sqrt(C) = 30 between two window means halves the colour term. */
const C_COLOUR = 900;
/** Shares of L, a and b in the structure term. */
const SHARE_L = 0.7;
const SHARE_CHROMA = 0.15;
/** A picture's Lab planes at every scale: made once for a reference, used for all its distortions. */
export type LabPyramid = Planes[];

/** The Lab planes of a picture at the four scales (2 x 2 means); a scale under the window's size is left out. */
export function labPyramid(picture: RgbPicture): LabPyramid {
  const scales = [toLab(picture)];
  while (scales.length < SCALE_WEIGHTS.length) {
    const next = halved(scales[scales.length - 1]!);
    if (Math.min(next.width, next.height) < WINDOW) break;
    scales.push(next);
  }
  return scales;
}

/**
 * Full-reference similarity of a picture to its reference, symmetric, at most 1, and 1 only for equal pictures.
 * Per scale s and 7 x 7 window, with means m, variances v and covariance c of the Lab planes x (reference), y:
 *   structure = .6 SL + .2 Sa + .2 Sb,  S = (2 c + 9) / (v_x + v_y + 9)      (SSIM's contrast-structure term)
 *   colour    = 225 / (225 + |m_x - m_y|^2)                                  (m over L, a, b: CIE76 distance)
 *   similarity = sum over s of w_s mean(structure * colour),  w = .2 .3 .3 .2
 * After Wang, Simoncelli & Bovik, "Multi-scale structural similarity", 2003, made to see colour.
 * Errors: bad-input when the sizes differ.
 */
export function similarity(reference: LabPyramid, picture: RgbPicture): number {
  const other = labPyramid(picture);
  if (other[0]!.width !== reference[0]!.width || other[0]!.height !== reference[0]!.height) {
    throw new StudioError('bad-input', 'Only pictures of the same size can be compared');
  }
  let sum = 0;
  let weights = 0;
  for (const [s, scale] of other.entries()) {
    sum += SCALE_WEIGHTS[s]! * scaleSimilarity(reference[s]!, scale);
    weights += SCALE_WEIGHTS[s]!;
  }
  return sum / weights;
}

/** Mean of structure * colour over all windows of one scale. */
function scaleSimilarity(x: Planes, y: Planes): number {
  const windows = (x.width - WINDOW + 1) * (x.height - WINDOW + 1);
  const structure = new Float64Array(windows);
  const distance = new Float64Array(windows);
  for (const c of [0, 1, 2] as const) {
    const share = c === 0 ? SHARE_L : SHARE_CHROMA;
    const constant = c === 0 ? C_STRUCTURE.L : C_STRUCTURE.chroma;
    compareChannel(x.planes[c], y.planes[c], x.width, x.height, share, constant, structure, distance);
  }
  let sum = 0;
  for (let i = 0; i < windows; i++) sum += (structure[i]! * C_COLOUR) / (C_COLOUR + distance[i]!);
  return sum / windows;
}

/** Adds one channel's share of the structure term and its squared difference of means, window by window. */
function compareChannel(
  x: Float32Array,
  y: Float32Array,
  width: number,
  height: number,
  share: number,
  constant: number,
  structure: Float64Array,
  distance: Float64Array,
): void {
  const area = WINDOW * WINDOW;
  // Sums of x, y, x x + y y and x y over the window's rows, per column, sliding downwards.
  const columns = [0, 1, 2, 3].map(() => new Float64Array(width));
  const [sumX, sumY, sumSquares, sumProducts] = columns as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const slide = (row: number, sign: number): void => {
    for (let i = 0, k = row * width; i < width; i++, k++) {
      const u = x[k]!;
      const v = y[k]!;
      sumX[i]! += sign * u;
      sumY[i]! += sign * v;
      sumSquares[i]! += sign * (u * u + v * v);
      sumProducts[i]! += sign * u * v;
    }
  };
  let at = 0;
  for (let row = 0; row < height; row++) {
    slide(row, 1);
    if (row >= WINDOW) slide(row - WINDOW, -1);
    if (row < WINDOW - 1) continue;
    let sx = 0;
    let sy = 0;
    let ss = 0;
    let sp = 0;
    for (let i = 0; i < width; i++) {
      sx += sumX[i]!;
      sy += sumY[i]!;
      ss += sumSquares[i]!;
      sp += sumProducts[i]!;
      if (i < WINDOW - 1) continue;
      const meanX = sx / area;
      const meanY = sy / area;
      const variances = ss / area - (meanX * meanX + meanY * meanY); // so that equal windows give exactly 1
      const covariance = sp / area - meanX * meanY;
      structure[at]! += (share * (2 * covariance + constant)) / (variances + constant);
      distance[at]! += (meanX - meanY) * (meanX - meanY);
      at++;
      const gone = i - WINDOW + 1;
      sx -= sumX[gone]!;
      sy -= sumY[gone]!;
      ss -= sumSquares[gone]!;
      sp -= sumProducts[gone]!;
    }
  }
}

/** Half as wide and high by means of 2 x 2; an odd last row or column is dropped. */
function halved({ width, height, planes }: Planes): Planes {
  const [w, h] = [width >> 1, height >> 1];
  const half = planes.map((plane) => {
    const out = new Float32Array(w * h);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const k = 2 * y * width + 2 * x;
        out[y * w + x] = (plane[k]! + plane[k + 1]! + plane[k + width]! + plane[k + width + 1]!) / 4;
      }
    }
    return out;
  });
  return { width: w, height: h, planes: half as Planes['planes'] };
}

import { Random } from '../../src-main/fusion/random.ts';
import type { StreamFeatures } from '../../src-main/fusion/preprocess.ts';

/** One stream of standard normal features and labels on 1-5 that depend on a few of them, in part non-linearly. */
export function syntheticDataset(
  n: number,
  dimension: number,
  seed: number,
): { stream: StreamFeatures; targets: Float64Array } {
  const normal = normalNumbers(seed);
  const data = Float32Array.from({ length: n * dimension }, normal);
  const targets = Float64Array.from({ length: n }, (_, row) => {
    const x = data.subarray(row * dimension, (row + 1) * dimension);
    const linear = 0.5 * x[0]! - 0.4 * x[1]! + 0.3 * x[2]!;
    const quality = linear + 0.4 * Math.tanh(2 * x[3]!) + 0.2 * x[0]! * x[4]! + 0.3 * normal();
    return Math.min(5, Math.max(1, 3 + quality));
  });
  return { stream: { id: 'nss', dimension, data }, targets };
}

/**
 * Three streams of a known structure. Images of even rows ("clean") show their quality in "cliph" and weakly in "siglip"; of odd rows
 * ("noisy") only in "siglip", and "cliph" is noise there. "siglip" also tells the two kinds apart, so that gates from it can.
 */
export function halfNoiseDataset(
  n: number,
  seed: number,
): { streams: StreamFeatures[]; targets: Float64Array } {
  const normal = normalNumbers(seed);
  const [nssWidth, siglipWidth, cliphWidth] = [6, 16, 24];
  const nss = Float32Array.from({ length: n * nssWidth }, normal);
  const siglip = Float32Array.from({ length: n * siglipWidth }, normal);
  const cliph = Float32Array.from({ length: n * cliphWidth }, normal);
  const targets = Float64Array.from({ length: n }, (_, row) => {
    const clean = row % 2 === 0;
    const quality = normal();
    for (let d = 0; d < 4; d++) siglip[row * siglipWidth + d]! += clean ? 2 : -2;
    for (let d = 4; d < 8; d++) siglip[row * siglipWidth + d]! += (clean ? 0.2 : 1) * quality;
    if (clean) for (let d = 0; d < 12; d++) cliph[row * cliphWidth + d]! += quality;
    return Math.fround(3 + 0.6 * quality + 0.1 * normal());
  });
  const streams = [
    { id: 'nss', dimension: nssWidth, data: nss },
    { id: 'siglip', dimension: siglipWidth, data: siglip },
    { id: 'cliph', dimension: cliphWidth, data: cliph },
  ];
  return { streams, targets };
}

/** Draws from the standard normal distribution (Box and Muller). */
function normalNumbers(seed: number): () => number {
  const random = new Random(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

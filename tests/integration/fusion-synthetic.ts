import { Random } from '../../src-main/fusion/random.ts';
import type { StreamFeatures } from '../../src-main/fusion/preprocess.ts';

/** One stream of standard normal features and labels on 1-5 that depend on a few of them, in part non-linearly. */
export function syntheticDataset(
  n: number,
  dimension: number,
  seed: number,
): { stream: StreamFeatures; targets: Float64Array } {
  const random = new Random(seed);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const data = Float32Array.from({ length: n * dimension }, normal);
  const targets = Float64Array.from({ length: n }, (_, row) => {
    const x = data.subarray(row * dimension, (row + 1) * dimension);
    const linear = 0.5 * x[0]! - 0.4 * x[1]! + 0.3 * x[2]!;
    const quality = linear + 0.4 * Math.tanh(2 * x[3]!) + 0.2 * x[0]! * x[4]! + 0.3 * normal();
    return Math.min(5, Math.max(1, 3 + quality));
  });
  return { stream: { id: 'nss', dimension, data }, targets };
}

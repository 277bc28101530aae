import type { StreamKey } from '../catalog/features.ts';
import type { CatalogReader } from '../catalog/reader.ts';

/** Mean and population standard deviation per dimension over a dataset. */
export type StreamStatistics = { n: number; mean: Float64Array; std: Float64Array };

/** Label positions per slice: a slice is well under 20 ms of the API's thread. */
const SLICE = 500;

/** Computes a stream's statistics over a dataset in slices, giving the event loop its turn in between; null without features. */
export async function streamStatistics(
  reader: CatalogReader,
  dataset: { id: number; images: number },
  key: StreamKey,
): Promise<StreamStatistics | null> {
  let n = 0;
  let mean = new Float64Array(0);
  let m2 = new Float64Array(0);
  for (let from = 0; from < dataset.images; from += SLICE) {
    for (const { vector } of reader.features.slice(dataset.id, key, from, from + SLICE)) {
      if (n === 0) [mean, m2] = [new Float64Array(vector.length), new Float64Array(vector.length)];
      n++;
      for (let d = 0; d < vector.length; d++) {
        const delta = vector[d]! - mean[d]!;
        mean[d]! += delta / n;
        m2[d]! += delta * (vector[d]! - mean[d]!);
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return n === 0 ? null : { n, mean, std: m2.map((v) => Math.sqrt(v / n)) };
}

import type { ImageDetail } from '../../src-shared/dataset.ts';
import { NSS_NAMES } from '../../src-shared/nss-names.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { allStreams } from '../streams/registry.ts';
import { streamStatistics, type StreamStatistics } from '../streams/statistics.ts';

type Dataset = { id: number; images: number; updatedAt: string };

/** The NSS features of an image with z-scores against its dataset; null where they were not extracted. */
export async function nssScores(
  reader: CatalogReader,
  content: string,
  dataset: Dataset,
): Promise<ImageDetail['nss']> {
  const key = reader.features.activeStreams(dataset.id).find((s) => s.stream === 'nss');
  const vector = key === undefined ? null : reader.features.vector(content, key);
  if (key === undefined || vector === null || vector.length !== NSS_NAMES.length) return null;
  const statistics = await cachedStatistics(reader, dataset, key);
  if (statistics === null) return null;
  const { mean, std } = statistics;
  return {
    version: key.version,
    source:
      allStreams(reader).find((s) => s.id === key.stream && s.version === key.version)?.source ?? 'unknown',
    features: NSS_NAMES.map((name, d) => ({
      name,
      value: vector[d]!,
      z: std[d]! > 0 ? (vector[d]! - mean[d]!) / std[d]! : 0,
    })),
  };
}

/** Statistics change when features are added (their count) or the dataset is imported anew (its time): both are in the key. */
const statisticsCache = new Map<string, Promise<StreamStatistics | null>>();
const CACHED_STATISTICS = 16;

function cachedStatistics(reader: CatalogReader, dataset: Dataset, key: { stream: string; version: string }) {
  const { done } = reader.features.counts(dataset.id, key);
  const cacheKey = JSON.stringify([dataset.id, dataset.updatedAt, key.stream, key.version, done]);
  let found = statisticsCache.get(cacheKey);
  if (found === undefined) {
    found = streamStatistics(reader, dataset, key);
    statisticsCache.set(cacheKey, found);
    const [oldest] = statisticsCache.keys();
    if (statisticsCache.size > CACHED_STATISTICS && oldest !== undefined) statisticsCache.delete(oldest);
  }
  return found;
}

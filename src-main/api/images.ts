import { z } from 'zod';
import { imageQuery, type ImageDetail } from '../../src-shared/dataset.ts';
import { distortionName } from '../../src-shared/distortions.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { NEIGHBOUR_SCOPES, type ImageStream, type Neighbours } from '../../src-shared/neighbours.ts';
import { NSS_NAMES } from '../../src-shared/nss-names.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { activeStream, allStreams } from '../streams/registry.ts';
import { streamStatistics, type StreamStatistics } from '../streams/statistics.ts';
import { isVisionStream } from '../../src-shared/streams.ts';
import type { Services } from './services.ts';
import { idInput, procedure, router } from './trpc.ts';

const similarInput = z.strictObject({
  id: z.number().int(),
  stream: z.string().min(1),
  limit: z.number().int().min(1).max(100).default(12),
  scope: z.enum(NEIGHBOUR_SCOPES).default('dataset'),
});

/** Images: pages of the grid, one image for the Inspector, those beside it, those like it. */
export const imagesRouter = router({
  page: procedure.input(imageQuery).query(({ ctx, input }) => ctx.services.reader.images.page(input)),

  get: procedure.input(idInput).query(async ({ ctx, input: { id } }): Promise<ImageDetail> => {
    const { reader } = ctx.services;
    const image = reader.images.get(id);
    const dataset = reader.datasets.get(image.dataset_id);
    return {
      id,
      dataset: { id: dataset.id, name: dataset.name, scale: dataset.scale, synthetic: dataset.synthetic },
      name: image.name,
      file: image.file,
      status: image.status,
      reason: image.reason,
      width: image.width,
      height: image.height,
      bytes: image.bytes,
      sha256: image.content.startsWith('absent:') ? null : image.content,
      group: image.group_name,
      reference: image.reference,
      distortion:
        image.distortion === null ? null : { type: image.distortion, name: distortionName(image.distortion) },
      level: image.level,
      split: image.split,
      labels: reader.images.labels(id),
      original: JSON.parse(image.original) as Record<string, string>,
      predictions: reader.images.predictions(id),
      nss: await nssOf(reader, image.content, dataset),
    };
  }),

  neighbours: procedure
    .input(idInput)
    .query(({ ctx, input }) => ctx.services.reader.images.neighbours(input.id)),

  streams: procedure.input(idInput).query(({ ctx, input: { id } }): ImageStream[] => {
    const { reader } = ctx.services;
    const image = reader.images.get(id);
    const infos = allStreams(reader);
    return reader.features.activeStreams(image.dataset_id).map((key) => ({
      ...key,
      title: infos.find((s) => s.id === key.stream && s.version === key.version)?.title ?? key.stream,
      extracted: reader.features.vector(image.content, key) !== null,
    }));
  }),

  similar: procedure
    .input(similarInput)
    .query(({ ctx, input }): Promise<Neighbours> => similarImages(ctx.services, input)),
});

/** The nearest images in a stream. Throws StudioError not-found where the image has no such features, and says how to get them. */
async function similarImages(
  { reader, neighbours }: Services,
  { id, stream, limit, scope }: z.infer<typeof similarInput>,
): Promise<Neighbours> {
  const image = reader.images.get(id);
  const dataset = reader.datasets.identity(image.dataset_id);
  const { version } = activeStream(reader, dataset, stream);
  const vector = reader.features.vector(image.content, { stream, version });
  if (vector === null) {
    throw new StudioError('not-found', `${image.name} has no features of stream "${stream}"`, {
      hint: `Extract them on the Streams page, or: studio extract --dataset "${dataset.name}" --streams ${stream}`,
    });
  }
  const zScored = !isVisionStream(stream);
  const key = { stream, version, scope: scope === 'all' ? null : dataset.id, zScored };
  const { hits, searched } = await neighbours.search({ key, image: id, vector, limit });
  const found = hits.map(({ image: other, cosine }) => {
    const row = reader.images.get(other);
    return {
      image: other,
      name: row.name,
      dataset: reader.datasets.identity(row.dataset_id),
      cosine,
      mos: row.mos,
    };
  });
  return { stream, version, zScored, searched, neighbours: found };
}

/** The NSS features of an image with z-scores against its dataset; null where they were not extracted. */
async function nssOf(
  reader: CatalogReader,
  content: string,
  dataset: { id: number; images: number },
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

/** Statistics change only when features are added; the count of features is part of the cache's key. */
const statisticsCache = new Map<string, Promise<StreamStatistics | null>>();
const CACHED_STATISTICS = 16;

function cachedStatistics(
  reader: CatalogReader,
  dataset: { id: number; images: number },
  key: { stream: string; version: string },
) {
  const { done } = reader.features.counts(dataset.id, key);
  const cacheKey = JSON.stringify([dataset.id, key.stream, key.version, done]);
  let found = statisticsCache.get(cacheKey);
  if (found === undefined) {
    found = streamStatistics(reader, dataset, key);
    statisticsCache.set(cacheKey, found);
    const [oldest] = statisticsCache.keys();
    if (statisticsCache.size > CACHED_STATISTICS && oldest !== undefined) statisticsCache.delete(oldest);
  }
  return found;
}

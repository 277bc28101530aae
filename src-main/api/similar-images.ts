import { z } from 'zod';
import { StudioError } from '../../src-shared/errors.ts';
import { NEIGHBOUR_SCOPES, type Neighbours } from '../../src-shared/neighbours.ts';
import { isVisionStream } from '../../src-shared/streams.ts';
import { activeStream } from '../streams/registry.ts';
import type { Services } from './services.ts';

/** What `images.similar` asks for. */
export const similarInput = z.strictObject({
  id: z.number().int(),
  stream: z.string().min(1),
  limit: z.number().int().min(1).max(100).default(12),
  scope: z.enum(NEIGHBOUR_SCOPES).default('dataset'),
});

/** The nearest images in a stream. Throws StudioError not-found where the image has no such features, and says how to get them. */
export async function similarImages(
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

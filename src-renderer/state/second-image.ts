import { api, imageUrl, referenceUrl } from '../api.ts';
import type { ImageDetail } from '../../src-shared/dataset.ts';
import type { RelatedImages } from '../../src-shared/inspect.ts';
import type { ImageRoute } from '../routes.ts';

/** The picture beside the Inspector's own; `detail` is null for a reference that is only a file. */
export type SecondImage = { src: string; name: string; detail: ImageDetail | null };

/** What an image can be compared with, and what the address asks to compare it with; `second` is null where that is nothing. */
export type Comparison = { of: number; related: RelatedImages; second: SecondImage | null };

/** Looks up relatives and the second image of an address. */
export async function findComparison(route: ImageRoute, signal: AbortSignal): Promise<Comparison> {
  const related = await api.images.related.query({ id: route.id }, { signal });
  const { reference } = related;
  const of = route.id;
  if (route.compare === 'reference' && reference?.kind === 'file') {
    return { of, related, second: { src: referenceUrl(route.id), name: reference.name, detail: null } };
  }
  const rated = reference?.kind === 'image' ? reference.id : null;
  const id = route.compare === 'reference' ? rated : (route.compare ?? null);
  if (id === null) return { of, related, second: null };
  const detail = await api.images.get.query({ id }, { signal });
  return { of, related, second: { src: imageUrl(id), name: detail.name, detail } };
}

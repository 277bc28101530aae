/** The second opinion on two pictures whose fingerprints are close: the cosine of their embeddings. */
import { isVisionStream } from '../../src-shared/streams.ts';
import type { StreamKey } from '../catalog/features.ts';
import type { CatalogReader } from '../catalog/reader.ts';

/** Fingerprints that differ in at most this many of 64 bits may show the same picture; a vision stream decides. */
export const MAX_DISTANCE = 8;
/** The same where the run has no vision stream: no second opinion, so a closer look. */
export const MAX_UNCONFIRMED_DISTANCE = 6;
/** Least cosine of two raw embeddings of the same picture (docs/data.md has the evidence for all three). */
export const MIN_COSINE = 0.7;

/** Whether two contents with fingerprints so close show the same picture, and the cosine; null without a vision stream. */
export type Confirmation = (a: string, b: string) => { same: boolean; cosine: number | null };

/**
 * How a run with these streams confirms pairs: by its first vision stream, whose embeddings are read as they are asked for.
 * NSS has no say: it tells quality, and a smaller copy of a picture is far away in it.
 */
export function confirmationOf(
  reader: Pick<CatalogReader, 'features'>,
  streams: readonly StreamKey[],
): { stream: string | null; maxDistance: number; confirm: Confirmation } {
  const vision = streams.find(({ stream }) => isVisionStream(stream));
  if (vision === undefined) {
    const confirm: Confirmation = () => ({ same: true, cosine: null });
    return { stream: null, maxDistance: MAX_UNCONFIRMED_DISTANCE, confirm };
  }
  const embeddings = new Map<string, Float32Array>();
  const embeddingOf = (content: string) => {
    let found = embeddings.get(content);
    found ??= reader.features.vector(content, vision)!;
    embeddings.set(content, found);
    return found;
  };
  const confirm: Confirmation = (a, b) => {
    const cosine = a === b ? 1 : cosineOf(embeddingOf(a), embeddingOf(b));
    return { same: cosine >= MIN_COSINE, cosine };
  };
  return { stream: vision.stream, maxDistance: MAX_DISTANCE, confirm };
}

/** 0 where one of them has no direction. */
function cosineOf(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let d = 0; d < a.length; d++) {
    dot += a[d]! * b[d]!;
    aa += a[d]! ** 2;
    bb += b[d]! ** 2;
  }
  const lengths = Math.sqrt(aa * bb);
  return lengths > 0 ? Math.max(-1, Math.min(1, dot / lengths)) : 0;
}

/** The second opinion on two pictures whose fingerprints are close: the cosine of their features. */
import { isVisionStream } from '../../src-shared/streams.ts';
import type { StreamKey } from '../catalog/features.ts';
import type { CatalogReader } from '../catalog/reader.ts';

/** Least cosine of two raw embeddings of one picture (docs/data.md has the evidence). */
export const MIN_VISION_COSINE = 0.7;
/** Least cosine of two z-scored NSS vectors: they tell quality as much as content, so that heavy distortion goes uncounted. */
export const MIN_NSS_COSINE = 0.3;

/** Whether two contents show the same picture, and the cosine that says so; null without a stream to ask. */
export type Confirmation = (a: string, b: string) => { same: boolean; cosine: number | null };

/** A confirmation by one stream (NSS z-scored over `contents`), which loads features as they are asked for. */
export function createConfirmation(
  reader: Pick<CatalogReader, 'features' | 'population'>,
  contents: readonly string[],
  stream: StreamKey | null,
): Confirmation {
  if (stream === null) return () => ({ same: true, cosine: null });
  const vision = isVisionStream(stream.stream);
  const least = vision ? MIN_VISION_COSINE : MIN_NSS_COSINE;
  const vectorOf = vision ? rawVectors(reader, stream) : zScoredVectors(reader, contents, stream);
  return (a, b) => {
    if (a === b) return { same: true, cosine: 1 };
    const cosine = cosineOf(vectorOf(a), vectorOf(b));
    return { same: cosine >= least, cosine };
  };
}

function rawVectors(
  reader: Pick<CatalogReader, 'features'>,
  stream: StreamKey,
): (content: string) => Float32Array {
  const loaded = new Map<string, Float32Array>();
  return (content) => {
    let vector = loaded.get(content);
    vector ??= reader.features.vector(content, stream)!;
    loaded.set(content, vector);
    return vector;
  };
}

/** Vectors after each dimension got mean 0 and standard deviation 1; computed when the first one is asked for. */
function zScoredVectors(
  reader: Pick<CatalogReader, 'population'>,
  contents: readonly string[],
  stream: StreamKey,
): (content: string) => Float32Array {
  const rowOf = new Map(contents.map((content, row) => [content, row]));
  let matrix: { dimension: number; data: Float32Array } | null = null;
  return (content) => {
    matrix ??= zScore(
      reader.population.matrix(
        contents.map((c) => ({ content: c })),
        stream,
      ),
    );
    const from = rowOf.get(content)! * matrix.dimension;
    return matrix.data.subarray(from, from + matrix.dimension);
  };
}

/** In place; a constant dimension becomes 0. */
function zScore(matrix: { dimension: number; data: Float32Array }): typeof matrix {
  const { dimension, data } = matrix;
  const n = data.length / dimension;
  for (let d = 0; d < dimension; d++) {
    let sum = 0;
    for (let at = d; at < data.length; at += dimension) sum += data[at]!;
    const mean = sum / n;
    let squares = 0;
    for (let at = d; at < data.length; at += dimension) squares += (data[at]! - mean) ** 2;
    const std = Math.sqrt(squares / n);
    for (let at = d; at < data.length; at += dimension) data[at] = std > 0 ? (data[at]! - mean) / std : 0;
  }
  return matrix;
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

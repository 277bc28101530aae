/**
 * Preprocessing per stream, fitted on the training rows only (paper, section 2.4, equations 4 to 6): NSS is standardised, every
 * other stream is standardised, projected on its principal components and whitened. The streams side by side are the fused vector.
 */
import { StudioError } from '../../src-shared/errors.ts';
import { isVisionStream } from '../../src-shared/streams.ts';
import { fitProjection, project } from './pca.ts';
import { fitScaler, StandardizedRows } from './scaler.ts';
import type { Ort } from '../graph/runtime.ts';
import type { Projection, ScaledRows } from './pca.ts';
import type { FeatureMatrix, Scaler } from './scaler.ts';

/** Raw features of one stream, all images x dimension. */
export type StreamFeatures = FeatureMatrix & { id: string };

/** How one stream is preprocessed; `projection` is null where it is only standardised. */
export type StreamTransform = { id: string; scaler: Scaler; projection: Projection | null };

/** A stream with its fitted preprocessing applied: `values` has one row of outputDimension(transform) per image. */
export type PreparedStream = { transform: StreamTransform; values: Float32Array };

/** Width of a stream after preprocessing, fitted on `n` rows, if no component is left out as rounding. */
export function preprocessedDimension(stream: string, dimension: number, n: number, pca: number): number {
  return isVisionStream(stream) ? Math.min(pca, dimension, n - 1) : dimension;
}

/**
 * Fits the preprocessing of one stream on the rows `train` and applies it to `rows` (by default the same); the other rows stay 0.
 * StudioError bad-input where one of these rows holds NaN or infinity, or a projected stream is constant.
 */
export async function prepareStream(
  ort: Ort,
  stream: StreamFeatures,
  train: Int32Array,
  pca: number,
  rows: Int32Array = train,
): Promise<PreparedStream> {
  const transform = await fitStream(ort, stream, train, pca);
  const values = await transformStream(ort, transform, stream, rows);
  const width = outputDimension(transform);
  const all = new Float32Array((stream.data.length / stream.dimension) * width);
  rows.forEach((row, i) => all.set(values.subarray(i * width, (i + 1) * width), row * width));
  return { transform, values: all };
}

async function fitStream(
  ort: Ort,
  stream: StreamFeatures,
  rows: Int32Array,
  pca: number,
): Promise<StreamTransform> {
  const scaler = fitScaler(stream, rows);
  if (!scaler.mean.every(Number.isFinite)) throw notFinite(stream, rows);
  if (!isVisionStream(stream.id)) return { id: stream.id, scaler, projection: null };
  const projection = await fitProjection(ort, { scaler, matrix: stream, rows }, pca);
  if (projection.variances.length === 0) {
    throw new StudioError(
      'bad-input',
      `Stream "${stream.id}" is the same for all ${rows.length} training images`,
      { hint: 'Leave this stream out, or extract or import its features again.' },
    );
  }
  return { id: stream.id, scaler, projection };
}

/** Width of the part of the fused vector that a stream fills. */
export function outputDimension({ scaler, projection }: StreamTransform): number {
  return projection === null ? scaler.mean.length : projection.variances.length;
}

/** Width of the fused vector. */
export function fusedDimension(transforms: readonly StreamTransform[]): number {
  return transforms.reduce((width, transform) => width + outputDimension(transform), 0);
}

/**
 * The given rows of a stream, preprocessed: rows.length x outputDimension, row-major. StudioError bad-input where the stream has
 * another dimension than the one fitted, or holds values that are not finite, or too large to be standardised.
 */
async function transformStream(
  ort: Ort,
  { scaler, projection }: StreamTransform,
  stream: StreamFeatures,
  rows: Int32Array,
): Promise<Float32Array> {
  const scaled = { scaler, matrix: stream, rows };
  const values = projection === null ? standardize(scaled) : await project(ort, projection, scaled);
  if (values === null) throw notFinite(stream, rows);
  return values;
}

/** Rows that are standardised at a time. */
const BLOCK_ROWS = 256;

/** The standardised rows, one after the other; null where a value is not finite. */
function standardize({ scaler, matrix, rows }: ScaledRows): Float32Array | null {
  const { dimension } = matrix;
  const size = Math.min(BLOCK_ROWS, rows.length);
  const standardized = new StandardizedRows(scaler, matrix, size);
  const values = new Float32Array(rows.length * dimension);
  for (let start = 0; start < rows.length; start += size) {
    const some = rows.subarray(start, start + size);
    standardized.read(some);
    if (!standardized.toSingles()) return null;
    values.set(standardized.singles.subarray(0, some.length * dimension), start * dimension);
  }
  return values;
}

/**
 * The preprocessed streams side by side: rows.length x fusedDimension, row-major, in the order of `transforms`.
 * StudioError bad-input where a stream is missing, has another dimension than the one fitted, or holds values that are not finite.
 */
export async function fuseStreams(
  ort: Ort,
  transforms: readonly StreamTransform[],
  streams: readonly StreamFeatures[],
  rows: Int32Array,
): Promise<Float32Array> {
  const everyRow = Int32Array.from(rows.keys());
  const parts: PreparedStream[] = [];
  for (const transform of transforms) {
    const values = await transformStream(ort, transform, findStream(streams, transform), rows);
    parts.push({ transform, values });
  }
  return joinStreams(parts, everyRow);
}

/** The given rows of prepared streams side by side: rows.length x width of all, row-major. */
export function joinStreams(parts: readonly PreparedStream[], rows: Int32Array): Float32Array {
  const width = fusedDimension(parts.map((part) => part.transform));
  const fused = new Float32Array(rows.length * width);
  let start = 0;
  for (const { transform, values } of parts) {
    const own = outputDimension(transform);
    rows.forEach((row, i) => fused.set(values.subarray(row * own, (row + 1) * own), i * width + start));
    start += own;
  }
  return fused;
}

function findStream(streams: readonly StreamFeatures[], { id, scaler }: StreamTransform): StreamFeatures {
  const stream = streams.find((candidate) => candidate.id === id);
  if (stream === undefined) {
    throw new StudioError('bad-input', `The model needs the stream "${id}"`, {
      hint: 'Extract this stream for the images first.',
    });
  }
  if (stream.dimension !== scaler.mean.length) {
    const text = `Stream "${id}" has ${stream.dimension} dimensions, the model was trained with ${scaler.mean.length}`;
    throw new StudioError('bad-input', text, { hint: 'Use features of the same stream version as the run.' });
  }
  return stream;
}

/** Says which value is not a finite number. */
function notFinite({ id, dimension, data }: StreamFeatures, rows: Int32Array): StudioError {
  const hint = 'Extract or import the features of this stream again.';
  for (const row of rows) {
    for (let i = row * dimension; i < (row + 1) * dimension; i++) {
      if (Number.isFinite(data[i])) continue;
      const text = `Stream "${id}" holds ${data[i]} in row ${row}, dimension ${i - row * dimension}`;
      return new StudioError('bad-input', text, { hint });
    }
  }
  return new StudioError('bad-input', `Stream "${id}" holds values too large to be standardised`, { hint });
}

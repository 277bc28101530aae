/**
 * Preprocessing per stream, fitted on the training rows only, then concatenation (paper, section 2.4, equation 6).
 * Every stream is standardised; a further step of one stream (the projection of a vision stream) goes between
 * `fitStream` and `writeStream`, which are all that knows how a stream becomes its part of the fused vector.
 */
import { StudioError } from '../../src-shared/errors.ts';
import { fitScaler } from './scaler.ts';
import type { FeatureMatrix, Scaler } from './scaler.ts';

/** Raw features of one stream, all images x dimension. */
export type StreamFeatures = FeatureMatrix & { id: string };

/** How one stream is preprocessed. */
export type StreamTransform = { id: string; scaler: Scaler };

/** Fits the preprocessing of each stream; StudioError bad-input where a training row holds NaN or infinity. */
export function fitStreams(streams: readonly StreamFeatures[], rows: Int32Array): StreamTransform[] {
  return streams.map((stream) => fitStream(stream, rows));
}

function fitStream(stream: StreamFeatures, rows: Int32Array): StreamTransform {
  assertFinite(stream, rows);
  return { id: stream.id, scaler: fitScaler(stream, rows) };
}

/** Width of the part of the fused vector that a stream fills. */
export function outputDimension(transform: StreamTransform): number {
  return transform.scaler.mean.length;
}

/** Width of the fused vector. */
export function fusedDimension(transforms: readonly StreamTransform[]): number {
  return transforms.reduce((width, transform) => width + outputDimension(transform), 0);
}

/**
 * The preprocessed streams side by side: rows.length x fusedDimension, row-major, in the order of `transforms`.
 * StudioError bad-input where a stream is missing, has another dimension than the one fitted, or holds NaN.
 */
export function fuseStreams(
  transforms: readonly StreamTransform[],
  streams: readonly StreamFeatures[],
  rows: Int32Array,
): Float32Array {
  const width = fusedDimension(transforms);
  const fused = new Float32Array(rows.length * width);
  let start = 0;
  for (const transform of transforms) {
    writeStream(transform, findStream(streams, transform), rows, { fused, width, start });
    start += outputDimension(transform);
  }
  return fused;
}

/** Columns start.. of the rows of a matrix of `width` columns. */
type Columns = { fused: Float32Array; width: number; start: number };

function writeStream(
  { scaler }: StreamTransform,
  stream: StreamFeatures,
  rows: Int32Array,
  { fused, width, start }: Columns,
): void {
  assertFinite(stream, rows);
  const { dimension, data } = stream;
  rows.forEach((row, i) => {
    const from = row * dimension;
    const to = i * width + start;
    for (let d = 0; d < dimension; d++)
      fused[to + d] = (data[from + d]! - scaler.mean[d]!) / scaler.scale[d]!;
  });
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

function assertFinite({ id, dimension, data }: StreamFeatures, rows: Int32Array): void {
  for (const row of rows) {
    for (let i = row * dimension; i < (row + 1) * dimension; i++) {
      if (Number.isFinite(data[i])) continue;
      const text = `Stream "${id}" holds ${data[i]} in row ${row}, dimension ${i - row * dimension}`;
      throw new StudioError('bad-input', text, {
        hint: 'Extract or import the features of this stream again.',
      });
    }
  }
}

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import type { PredictedImage, PredictResult } from '../../src-shared/jobs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { compute } from '../experiments/compute.ts';
import type { StreamMatrix } from '../experiments/compute-protocol.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import { averageHeads } from '../fusion/average-heads.ts';
import type { HeadOutput } from '../fusion/predict.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import { openExtractor } from '../streams/extractor.ts';
import { NSS_INFO } from '../streams/registry.ts';
import type { Encoders } from '../streams/vision/encoders.ts';
import { providerOfVersion } from '../streams/vision/manifest-version.ts';
import type { JobControl } from './queue.ts';

export type PredictPayload = { run: number; paths: string[] };

/**
 * Predicts the quality of pictures, rated or not, with all heads of a run, every member of every part: their mean, and their
 * standard deviation (divisor: number of heads) as prediction_std; gates are their mean. A picture that can not be read is a row with an error.
 */
export async function predictImages(
  { run: id, paths }: PredictPayload,
  control: JobControl,
  { reader, encoders }: { reader: CatalogReader; encoders: Encoders },
): Promise<PredictResult> {
  const run = reader.runs.get(id);
  requireHeads(run);
  const files = await pictureFiles(paths);
  const errors = new Map<string, ErrorShape>();
  const streams: { id: string; vectors: Map<string, Float32Array> }[] = [];
  for (const { stream, version } of run.streams) {
    const readable = files.filter((file) => !errors.has(file));
    const vectors = await describe({ stream, version, run: id }, readable, errors, control, encoders);
    streams.push({ id: stream, vectors });
  }
  const readable = files.filter((file) => !errors.has(file));
  const perHead =
    readable.length === 0
      ? []
      : await predictVectors(
          run,
          streams.map(({ id: stream, vectors }) =>
            matrixOf(
              stream,
              readable.map((file) => vectors.get(file)!),
            ),
          ),
          readable.length,
          control,
          reader,
        );
  const averaged = perHead.length === 0 ? null : averageHeads(perHead);
  const position = new Map(readable.map((file, i) => [file, i]));
  const predictions = files.map((image): PredictedImage => {
    const i = position.get(image);
    if (i === undefined || averaged === null)
      return { image, prediction: null, prediction_std: null, gates: {}, error: errors.get(image)! };
    const gates = Object.entries(averaged.gates).map(([stream, values]) => [stream, values[i]!] as const);
    return {
      image,
      prediction: averaged.predictions[i]!,
      prediction_std: averaged.std[i]!,
      gates: Object.fromEntries(gates),
      error: null,
    };
  });
  return { run: id, predictions };
}

/** The vectors of one stream, in the very version that the run was trained on; failures go to `errors`. */
async function describe(
  wanted: { stream: string; version: string; run: number },
  files: readonly string[],
  errors: Map<string, ErrorShape>,
  control: JobControl,
  encoders: Encoders,
): Promise<Map<string, Float32Array>> {
  const { stream, version, run } = wanted;
  const other = (available: string) =>
    new StudioError(
      'not-available',
      `Run ${run} uses stream "${stream}" (${version}), which can not be computed for new pictures here${available}`,
      { hint: 'Use a run on streams that this version extracts.' },
    );
  const provider = providerOfVersion(version);
  // Features of somebody else, under whatever name, can not be made here.
  if (stream !== NSS_INFO.id && provider === null) throw other('');
  const extractor = await openExtractor(stream, {
    device: provider ?? 'cpu',
    encoders,
    signal: control.signal,
  });
  const vectors = new Map<string, Float32Array>();
  try {
    if (extractor.info.version !== version) throw other(`: it is ${extractor.info.version} now`);
    let done = 0;
    control.progress({ done, total: files.length, message: `extracting ${stream} features` });
    await extractor.extract(
      files.map((file) => ({ key: file, path: file, content: null })),
      {
        signal: control.signal,
        onReply(reply) {
          if ('vector' in reply) vectors.set(reply.key, reply.vector);
          else {
            errors.set(reply.key, reply.error);
            control.fail(reply.key, reply.error);
          }
          control.progress({ done: ++done });
        },
      },
    );
  } finally {
    await extractor.close();
  }
  return vectors;
}

/** The pictures that these paths name; folders are searched with their subfolders, in name order. */
async function pictureFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const given of paths) {
    const info = await stat(given).catch((error: unknown) => {
      throw StudioError.fromShape(errorShape(error, given));
    });
    if (!info.isDirectory()) {
      files.push(given);
      continue;
    }
    const names = (await readdir(given, { recursive: true }))
      .filter((name) => PICTURE_EXTENSION.test(name))
      .sort();
    if (names.length === 0) {
      throw new StudioError('bad-input', `There are no pictures in ${given}`, {
        file: given,
        hint: 'JPEG, PNG, WebP, TIFF and BMP are read.',
      });
    }
    files.push(...names.map((name) => path.join(given, name)));
  }
  return [...new Set(files)];
}

function matrixOf(id: string, vectors: readonly Float32Array[]): StreamMatrix {
  const dimension = vectors[0]!.length;
  const data = new Float32Array(vectors.length * dimension);
  vectors.forEach((vector, i) => data.set(vector, i * dimension));
  return { id, dimension, data };
}

async function predictVectors(
  run: StoredRun,
  streams: StreamMatrix[],
  n: number,
  control: JobControl,
  reader: CatalogReader,
): Promise<HeadOutput[]> {
  let perHead: HeadOutput[] = [];
  await compute(
    { kind: 'predict', heads: reader.runs.heads(run.id).map((h) => new Uint8Array(h.head)), streams, n },
    {
      signal: control.signal,
      onMessage: (message) => {
        if (message.type === 'predicted') perHead = message.perHead;
      },
    },
  );
  return perHead;
}

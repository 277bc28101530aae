import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { PredictedImage, PredictResult } from '../../src-shared/jobs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { compute } from '../experiments/compute.ts';
import type { StreamMatrix } from '../experiments/compute-protocol.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import { averageHeads } from '../fusion/average-heads.ts';
import type { HeadOutput } from '../fusion/predict.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import { LoosePictures, looseFeatures, type LooseParts } from './loose-features.ts';
import type { JobControl } from './queue.ts';

export type PredictPayload = { run: number; paths: string[] };

/** Predicts the quality of pictures, rated or not, in the files and folders that `paths` names (predictFiles). */
export async function predictImages(
  { run: id, paths }: PredictPayload,
  control: JobControl,
  parts: LooseParts,
): Promise<PredictResult> {
  const run = parts.reader.runs.get(id);
  requireHeads(run);
  return { run: id, predictions: await predictFiles(run, await pictureFiles(paths), control, parts) };
}

/**
 * Predicts picture files with all heads of a run, every member of every part: their mean, and their standard deviation
 * (divisor: number of heads) as prediction_std; gates are their mean. The same bytes are computed once. A picture that can not be
 * read is a row with an error. Throws 'not-available' where one of the run's streams can not be computed here in the run's
 * version, and 'cancelled'.
 */
export async function predictFiles(
  run: StoredRun,
  files: readonly string[],
  control: JobControl,
  parts: LooseParts,
): Promise<PredictedImage[]> {
  const pictures = new LoosePictures(control);
  await pictures.add(files);
  const streams: { id: string; vectors: Map<string, Float32Array> }[] = [];
  for (const { stream, version } of run.streams) {
    const vectors = await looseFeatures({ stream, version, run: run.id }, pictures, control, parts);
    streams.push({ id: stream, vectors });
  }
  const contents = [...pictures.files.keys()];
  const perHead =
    contents.length === 0
      ? []
      : await predictVectors(
          run,
          streams.map(({ id, vectors }) =>
            matrixOf(
              id,
              contents.map((content) => vectors.get(content)!),
            ),
          ),
          contents.length,
          control,
          parts.reader,
        );
  const averaged = perHead.length === 0 ? null : averageHeads(perHead);
  const position = new Map(
    [...pictures.files.values()].flatMap((same, i) => same.map((file) => [file, i] as const)),
  );
  return files.map((image): PredictedImage => {
    const i = position.get(image);
    if (i === undefined || averaged === null)
      return { image, prediction: null, prediction_std: null, gates: {}, error: pictures.errors.get(image)! };
    const gates = Object.entries(averaged.gates).map(([stream, values]) => [stream, values[i]!] as const);
    return {
      image,
      prediction: averaged.predictions[i]!,
      prediction_std: averaged.std[i]!,
      gates: Object.fromEntries(gates),
      error: null,
    };
  });
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

/** What each head of a run says of n rows of its streams, in a compute process. */
export async function predictVectors(
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

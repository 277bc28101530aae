import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { PredictedImage, PredictResult } from '../../src-shared/jobs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { compute } from '../experiments/compute.ts';
import type { StreamMatrix } from '../experiments/compute-protocol.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import type { ModelToRun } from '../experiments/run-model.ts';
import { averageHeads, type AveragedOutput } from '../fusion/average-heads.ts';
import type { HeadOutput } from '../fusion/predict.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import { readExportedModel, type ModelFromFile } from './exported-model.ts';
import { LoosePictures, looseFeatures, type LooseParts } from './loose-features.ts';
import type { JobControl } from './queue.ts';

/** `model`: an ONNX file that `studio export` wrote. */
export type PredictPayload = { paths: string[] } & ({ run: number } | { model: string });

/** What scores pictures: its name in messages, its streams, and what it says of n rows of them. */
type Scorer = {
  name: string;
  streams: readonly { stream: string; version: string }[];
  score(streams: StreamMatrix[], n: number): Promise<AveragedOutput>;
};

/** Predicts the quality of pictures, rated or not, in the files and folders that `paths` names (predictFiles). */
export async function predictImages(
  payload: PredictPayload,
  control: JobControl,
  parts: LooseParts,
): Promise<PredictResult> {
  if ('model' in payload) {
    const { model: file, paths } = payload;
    const scorer = modelScorer(file, await readExportedModel(file), control);
    const predictions = await scoreFiles(scorer, await pictureFiles(paths), control, parts);
    return { run: null, model: file, predictions };
  }
  const run = parts.reader.runs.get(payload.run);
  requireHeads(run);
  const predictions = await predictFiles(run, await pictureFiles(payload.paths), control, parts);
  return { run: run.id, predictions };
}

/**
 * Predicts picture files with all heads of a run, every member of every part: their mean, and their standard deviation
 * (divisor: number of heads) as prediction_std; gates are their mean. The same bytes are computed once. A picture that can not be
 * read is a row with an error. Throws 'not-available' where one of the run's streams can not be computed here in the run's
 * version, and 'cancelled'.
 */
export function predictFiles(
  run: StoredRun,
  files: readonly string[],
  control: JobControl,
  parts: LooseParts,
): Promise<PredictedImage[]> {
  const scorer: Scorer = {
    name: `Run ${run.id}`,
    streams: run.streams,
    score: async (streams, n) => averageHeads(await predictVectors(run, streams, n, control, parts.reader)),
  };
  return scoreFiles(scorer, files, control, parts);
}

/** An exported model; the averages over the heads are inside. */
function modelScorer(file: string, { streams, ...model }: ModelFromFile, control: JobControl): Scorer {
  const name = `Model ${path.basename(file)}`;
  return {
    name,
    streams,
    async score(matrices, n) {
      for (const { stream, dimension } of model.inputs) {
        const computed = matrices.find(({ id }) => id === stream)!.dimension;
        if (computed === dimension) continue;
        throw new StudioError(
          'conflict',
          `${name} takes ${dimension} values of stream "${stream}"; it has ${computed} here`,
          { file, hint: 'Export the run again.' },
        );
      }
      return scoreWithModel(model, matrices, n, control);
    },
  };
}

async function scoreFiles(
  { name, streams: wanted, score }: Scorer,
  files: readonly string[],
  control: JobControl,
  parts: LooseParts,
): Promise<PredictedImage[]> {
  const pictures = new LoosePictures(control);
  await pictures.add(files);
  const streams: { id: string; vectors: Map<string, Float32Array> }[] = [];
  for (const { stream, version } of wanted) {
    const vectors = await looseFeatures({ stream, version, user: name }, pictures, control, parts);
    streams.push({ id: stream, vectors });
  }
  const contents = [...pictures.files.keys()];
  const matrices = () =>
    streams.map(({ id, vectors }) =>
      matrixOf(
        id,
        contents.map((content) => vectors.get(content)!),
      ),
    );
  const scores = contents.length === 0 ? null : await score(matrices(), contents.length);
  const position = new Map(
    [...pictures.files.values()].flatMap((same, i) => same.map((file) => [file, i] as const)),
  );
  return files.map((image): PredictedImage => {
    const i = position.get(image);
    if (i === undefined || scores === null)
      return { image, prediction: null, prediction_std: null, gates: {}, error: pictures.errors.get(image)! };
    const gates = Object.entries(scores.gates).map(([stream, values]) => [stream, values[i]!] as const);
    return {
      image,
      prediction: scores.predictions[i]!,
      prediction_std: scores.std[i]!,
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

/** What an exported model says of n rows of its streams, in a compute process. */
async function scoreWithModel(
  model: ModelToRun,
  streams: StreamMatrix[],
  n: number,
  control: JobControl,
): Promise<AveragedOutput> {
  let scores: AveragedOutput | null = null;
  await compute(
    { kind: 'predict-model', model, streams, n },
    {
      signal: control.signal,
      onMessage: (message) => {
        if (message.type === 'scored') scores = message.scores;
      },
    },
  );
  return scores!;
}

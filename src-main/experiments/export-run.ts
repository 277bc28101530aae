/** A finished run as one ONNX model, checked against the studio's own predictions before it is given out. */
import { StudioError } from '../../src-shared/errors.ts';
import type { ModelAgreement } from '../../src-shared/run-card.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { averageHeads } from '../fusion/average-heads.ts';
import { exportModel, type ExportedModel } from '../fusion/export-model.ts';
import { predictHead, type HeadOutput } from '../fusion/predict.ts';
import type { StreamFeatures } from '../fusion/preprocess.ts';
import type { TrainedHead } from '../fusion/trained-head.ts';
import type { Ort } from '../graph/runtime.ts';
import { scaleOf } from './label-scale.ts';
import { streamKeys } from './plan.ts';
import { readHeads } from './run-heads.ts';
import { runModel } from './run-model.ts';

/** Images of the run that the model is compared on. */
const COMPARED_IMAGES = 64;
/** Largest difference in the score, relative to the range of the declared scale, and in a gate. */
const TOLERANCE = 1e-5;

/** `runtime`: the version of ONNX Runtime that checked it. */
export type ExportedRun = ExportedModel & { heads: number; runtime: string; agreement: ModelAgreement };

/**
 * The model of a run, the same bytes every time. Throws StudioError bad-input where the run has no heads, internal where the model does
 * not say what the studio says (over 1e-5 of the label's range).
 */
export async function exportRun(ort: Ort, reader: CatalogReader, id: number): Promise<ExportedRun> {
  const run = reader.runs.get(id);
  const heads = readHeads(reader, run);
  const model = exportModel(heads, metadataOf(reader, run));
  const agreement = await compare(ort, model, heads, sampleOf(reader, run));
  const { min, max } = scaleOf(reader.datasets.get(run.dataset), run.targetLabel);
  if (agreement.score > TOLERANCE * (max - min) || agreement.gates > TOLERANCE) {
    const text = `The exported model of run ${id} differs from the studio by ${agreement.score} label units (gates: ${agreement.gates})`;
    throw new StudioError('internal', text, { hint: 'Please report this with the run card.' });
  }
  return { ...model, heads: heads.length, runtime: ort.env.versions.node ?? 'unknown', agreement };
}

/** What the file tells of itself; nothing that may change after the run is finished, so that the bytes never do. */
function metadataOf(reader: CatalogReader, run: StoredRun): Record<string, string> {
  const { min, max, better } = scaleOf(reader.datasets.get(run.dataset), run.targetLabel);
  return {
    run: String(run.id),
    studio: STUDIO_VERSION,
    dataset: run.spec!.train,
    label: run.targetLabel,
    scale: `${min} to ${max}, ${better} is better`,
    streams: JSON.stringify(Object.fromEntries(run.streams.map((s) => [s.stream, s.version]))),
    population: run.population.hash,
    folds: run.folds?.hash ?? '',
    finished: run.finishedAt ?? '',
  };
}

/** Features of some images of the run, spread over it; fewer where features have gone. */
function sampleOf(reader: CatalogReader, run: StoredRun): StreamFeatures[] {
  const images = reader.runs.predictions(run.id);
  const step = Math.max(1, images.length / COMPARED_IMAGES);
  const picked = Array.from(
    { length: Math.min(COMPARED_IMAGES, images.length) },
    (_, i) => reader.images.get(images[Math.floor(i * step)]!.image).content,
  );
  const keys = streamKeys(run);
  const complete = picked.filter((content) =>
    keys.every((key) => reader.features.vector(content, key) !== null),
  );
  const rows = complete.map((content) => ({ content }));
  return keys.map((key) => ({ id: key.stream, ...reader.population.matrix(rows, key) }));
}

async function compare(
  ort: Ort,
  model: ExportedModel,
  heads: readonly TrainedHead[],
  streams: readonly StreamFeatures[],
): Promise<ModelAgreement> {
  const n = streams[0]!.dimension === 0 ? 0 : streams[0]!.data.length / streams[0]!.dimension;
  if (n === 0) return { images: 0, score: 0, gates: 0 };
  const rows = Int32Array.from({ length: n }, (_, row) => row);
  const perHead: HeadOutput[] = [];
  for (const head of heads) perHead.push(await predictHead(ort, head, streams, rows));
  const expected = averageHeads(perHead);
  const actual = await runModel(ort, model, streams, n);
  const gates = (model.gates ?? []).map((id) => largestDifference(actual.gates[id]!, expected.gates[id]!));
  const score = largestDifference(actual.predictions, expected.predictions);
  return { images: n, score, gates: Math.max(0, ...gates) };
}

function largestDifference(a: ArrayLike<number>, b: Float64Array): number {
  return b.reduce((largest, value, i) => Math.max(largest, Math.abs(value - a[i]!)), 0);
}

import { StudioError } from '../../src-shared/errors.ts';
import { gateStreamOf, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import type { PopulationRow } from '../catalog/population.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { Seconds, StoredRun } from '../catalog/runs.ts';
import { metrics } from '../evaluation/metrics.ts';
import type { StreamTransform } from '../fusion/preprocess.ts';
import { predictHead } from '../fusion/predict.ts';
import { trainMember, type EpochReport, type TrainOptions } from '../fusion/train.ts';
import { serializeHead } from '../fusion/trained-head.ts';
import type { Ort } from '../graph/runtime.ts';
import type { ComputeMessage, StreamMatrix } from './compute-protocol.ts';
import { planExperiment, streamKeys } from './plan.ts';

/** A run whose folds are all done. */
export type TrainedRun = {
  population: PopulationRow[];
  folds: Int32Array[];
  /** One prediction per image of the population, by the member that did not see it, in label units. */
  outOfFold: Float64Array;
  seconds: Seconds;
};

/** Trains every fold of the run that the catalog does not hold yet, and sends each as it is done. */
export async function trainRun(input: {
  reader: CatalogReader;
  run: StoredRun;
  experiment: ExperimentSpec;
  ort: Ort;
  threads: number;
  send(message: ComputeMessage): Promise<void>;
}): Promise<TrainedRun> {
  const { reader, run, send } = input;
  const { population, folds } = samePlan(reader, run, input.experiment);
  const seconds: Seconds = { prepare: 0, train: 0, predict: 0 };
  const add = (s: Seconds) => {
    seconds.prepare += s.prepare;
    seconds.train += s.train;
    seconds.predict += s.predict;
  };
  const outOfFold = new Float64Array(population.length);
  const finished = finishedFolds(reader, run, population, outOfFold);
  for (const fold of finished.values()) add(fold.seconds);

  const started = performance.now();
  const streams = streamKeys(run).map((key): StreamMatrix => ({
    id: key.stream,
    ...reader.population.matrix(population, key),
  }));
  seconds.prepare += (performance.now() - started) / 1000;
  const targets = Float64Array.from(population, (row) => row.mos);

  for (const [fold, test] of folds.entries()) {
    if (finished.has(fold)) continue;
    const curve: { epoch: number; loss: number; lr: number }[] = [];
    const onEpoch = (e: EpochReport) => {
      curve.push({ epoch: e.epoch, loss: e.loss, lr: e.lr });
      void send({ type: 'epoch', fold, ...e });
    };
    const trainStart = performance.now();
    const train = trainingSide(population.length, test);
    const head = await trainMember(
      input.ort,
      { streams, targets, train },
      { ...optionsOf(run), threads: input.threads, onEpoch },
    );
    const predictStart = performance.now();
    const { predictions: prediction, gates } = await predictHead(input.ort, head, streams, test);
    const end = performance.now();
    test.forEach((row, i) => (outOfFold[row] = prediction[i]!));
    const foldSeconds = {
      prepare: 0,
      train: (predictStart - trainStart) / 1000,
      predict: (end - predictStart) / 1000,
    };
    add(foldSeconds);
    const target = Float64Array.from(test, (row) => targets[row]!);
    await send({
      type: 'fold',
      fold: {
        fold,
        metrics: metrics(prediction, target),
        curve,
        seconds: foldSeconds,
        head: serializeHead(head),
        predictions: Array.from(test, (row, i) => ({
          image: population[row]!.id,
          mos: targets[row]!,
          prediction: prediction[i]!,
          std: null,
          gates: Object.fromEntries(Object.entries(gates).map(([id, values]) => [id, values[i]!])),
        })),
        warnings: projectionWarnings(head.streams, fold),
      },
    });
  }
  return { population, folds, outOfFold, seconds };
}

/** Plans again and makes sure that it is what the run was stored with: a resumed run must not mix two populations. */
function samePlan(
  reader: CatalogReader,
  run: StoredRun,
  spec: ExperimentSpec,
): { population: PopulationRow[]; folds: Int32Array[] } {
  const plan = planExperiment(reader, spec);
  // By spec: the label may have been changed, and two entries of an ablation may share one.
  const wanted = JSON.stringify(run.spec);
  const planned = plan.runs.find((r) => JSON.stringify(r.spec) === wanted);
  const sameStreams =
    planned !== undefined && JSON.stringify(planned.streams) === JSON.stringify(run.streams);
  if (
    !sameStreams ||
    planned.population.hash !== run.population.hash ||
    planned.folds?.hash !== run.folds?.hash
  ) {
    throw new StudioError(
      'conflict',
      `The images or features of run ${run.id} have changed since it was queued`,
      {
        hint: 'Delete the run and start the experiment again.',
      },
    );
  }
  return plan;
}

/** Principal components that were left out as rounding (spec/fusion.md, preprocessing). */
function projectionWarnings(streams: readonly StreamTransform[], fold: number): RunWarning[] {
  return streams.flatMap(({ id, projection }) => {
    if (projection === null || projection.dropped === 0) return [];
    const all = projection.dropped + projection.variances.length;
    const message = `${id}: ${projection.dropped} of ${all} principal components are left out in fold ${fold + 1}; their variance is under 1e-7 of the largest.`;
    return [{ code: 'dropped-components', message }];
  });
}

/** Folds that the catalog holds; their predictions are put into `outOfFold`. */
function finishedFolds(
  reader: CatalogReader,
  run: StoredRun,
  population: PopulationRow[],
  outOfFold: Float64Array,
) {
  const finished = new Map(reader.runs.folds(run.id).map((f) => [f.fold, f]));
  if (finished.size > 0) {
    const index = new Map(population.map((row, i) => [row.id, i]));
    for (const p of reader.runs.predictions(run.id)) outOfFold[index.get(p.image)!] = p.prediction;
  }
  return finished;
}

function trainingSide(n: number, test: Int32Array): Int32Array {
  const inTest = new Set(test);
  return Int32Array.from({ length: n }, (_, i) => i).filter((i) => !inTest.has(i));
}

function optionsOf(run: StoredRun): Omit<TrainOptions, 'threads'> {
  const { fusion, training } = run.spec!;
  return {
    ...training,
    hidden: fusion.hidden,
    dropout: fusion.dropout,
    pca: fusion.pca,
    gate: gateStreamOf(run.spec!),
  };
}

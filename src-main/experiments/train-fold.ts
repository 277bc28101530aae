/** Training one fold of a stored run: what a compute process does over and over. */
import { StudioError } from '../../src-shared/errors.ts';
import { gateStreamOf } from '../../src-shared/experiment-spec.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { FoldToStore, StoredRun } from '../catalog/runs.ts';
import { metrics } from '../evaluation/metrics.ts';
import { predictPrepared } from '../fusion/predict.ts';
import {
  prepareStream,
  type PreparedStream,
  type StreamFeatures,
  type StreamTransform,
} from '../fusion/preprocess.ts';
import { trainPrepared, type EpochReport, type TrainOptions } from '../fusion/train.ts';
import { serializeHead } from '../fusion/trained-head.ts';
import type { Ort } from '../graph/runtime.ts';
import { planExperiment, streamKeys, type ExperimentPlan } from './plan.ts';

type LoadedExperiment = { id: number; plan: ExperimentPlan; features: Map<string, StreamFeatures> };
/** The preprocessing of one fold: what the runs of an ablation have in common. */
type PreparedFold = { experiment: number; fold: number; streams: Map<string, PreparedStream> };

/** Trains folds one after the other, and keeps what the next one can use: features, and a fold's preprocessing. */
export class FoldTrainer {
  readonly #reader: CatalogReader;
  readonly #loadRuntime: () => Promise<Ort>;
  #experiment: LoadedExperiment | null = null;
  #fold: PreparedFold | null = null;

  constructor(reader: CatalogReader, loadRuntime: () => Promise<Ort>) {
    this.#reader = reader;
    this.#loadRuntime = loadRuntime;
  }

  /** Trains on all but one fold and predicts that one. Throws StudioError conflict where the run's images have changed. */
  async train(run: StoredRun, fold: number, onEpoch: (epoch: EpochReport) => void): Promise<FoldToStore> {
    const ort = await this.#loadRuntime();
    const { population, folds } = this.#planOf(run);
    const test = folds[fold]!;
    const targets = Float64Array.from(population, (row) => row.mos);
    const train = trainingSide(population.length, test);
    const start = performance.now();
    const streams = await this.#prepare(ort, run, fold, train);
    const trainStart = performance.now();
    const curve: { epoch: number; loss: number; lr: number }[] = [];
    const head = await trainPrepared(
      ort,
      { streams, targets, train },
      {
        ...optionsOf(run),
        onEpoch(epoch) {
          curve.push({ epoch: epoch.epoch, loss: epoch.loss, lr: epoch.lr });
          onEpoch(epoch);
        },
      },
    );
    const predictStart = performance.now();
    const { predictions, gates } = await predictPrepared(ort, head, streams, test);
    const end = performance.now();
    return {
      fold,
      metrics: metrics(
        predictions,
        Float64Array.from(test, (row) => targets[row]!),
      ),
      curve,
      seconds: {
        prepare: (trainStart - start) / 1000,
        train: (predictStart - trainStart) / 1000,
        predict: (end - predictStart) / 1000,
      },
      head: serializeHead(head),
      predictions: Array.from(test, (row, i) => ({
        image: population[row]!.id,
        mos: targets[row]!,
        prediction: predictions[i]!,
        std: null,
        gates: Object.fromEntries(Object.entries(gates).map(([id, values]) => [id, values[i]!])),
      })),
      warnings: projectionWarnings(head.streams, fold),
    };
  }

  /** The plan of the run's experiment, made again and compared: a resumed run must not mix two populations. */
  #planOf(run: StoredRun): ExperimentPlan {
    const { experiment } = run;
    if (experiment === null) throw new StudioError('internal', `Run ${run.id} has no experiment`);
    if (this.#experiment?.id !== experiment) {
      const plan = planExperiment(this.#reader, this.#reader.runs.experiment(experiment).spec);
      this.#experiment = { id: experiment, plan, features: new Map() };
    }
    const { plan } = this.#experiment;
    assertSamePlan(plan, run);
    return plan;
  }

  /** The run's streams, preprocessed for this fold; computed once for all runs that meet the fold here. */
  async #prepare(ort: Ort, run: StoredRun, fold: number, train: Int32Array): Promise<PreparedStream[]> {
    const { id: experiment, plan, features } = this.#experiment!;
    if (this.#fold?.experiment !== experiment || this.#fold.fold !== fold)
      this.#fold = { experiment, fold, streams: new Map() };
    const everyRow = Int32Array.from(plan.population.keys());
    const { pca } = run.spec!.fusion;
    const prepared: PreparedStream[] = [];
    for (const key of streamKeys(run)) {
      const name = `${key.stream} ${key.version}`;
      if (!features.has(name))
        features.set(name, { id: key.stream, ...this.#reader.population.matrix(plan.population, key) });
      const preparedName = `${name} ${pca}`;
      let stream = this.#fold.streams.get(preparedName);
      stream ??= await prepareStream(ort, features.get(name)!, train, pca, everyRow);
      this.#fold.streams.set(preparedName, stream);
      prepared.push(stream);
    }
    return prepared;
  }
}

function assertSamePlan(plan: ExperimentPlan, run: StoredRun): void {
  // By spec: the label may have been changed, and two entries of an ablation may share one.
  const wanted = JSON.stringify(run.spec);
  const planned = plan.runs.find((r) => JSON.stringify(r.spec) === wanted);
  const same =
    planned !== undefined &&
    JSON.stringify(planned.streams) === JSON.stringify(run.streams) &&
    planned.population.hash === run.population.hash &&
    planned.folds?.hash === run.folds?.hash;
  if (same) return;
  throw new StudioError(
    'conflict',
    `The images or features of run ${run.id} have changed since it was queued`,
    { hint: 'Delete the run and start the experiment again.' },
  );
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

function trainingSide(n: number, test: Int32Array): Int32Array {
  const inTest = new Set(test);
  return Int32Array.from({ length: n }, (_, i) => i).filter((i) => !inTest.has(i));
}

function optionsOf(run: StoredRun): TrainOptions {
  const { fusion, training } = run.spec!;
  const { hidden, dropout, pca } = fusion;
  // One thread each: folds run side by side, and two threads share one small step badly (docs/training.md).
  return { ...training, hidden, dropout, pca, gate: gateStreamOf(run.spec!), threads: 1 };
}

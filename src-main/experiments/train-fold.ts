/** Training one part of a stored run, in most protocols a fold: what a compute process does over and over. */
import { StudioError } from '../../src-shared/errors.ts';
import { gateStreamOf, membersOf } from '../../src-shared/experiment-spec.ts';
import { partLabel } from '../../src-shared/protocol-words.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { SplitRow } from '../catalog/near-duplicates.ts';
import type { FoldToStore, StoredRun } from '../catalog/runs.ts';
import { metrics } from '../evaluation/metrics.ts';
import {
  prepareStream,
  type PreparedStream,
  type StreamFeatures,
  type StreamTransform,
} from '../fusion/preprocess.ts';
import type { EpochReport } from '../fusion/train.ts';
import { serializeHeads } from '../fusion/trained-head.ts';
import type { Ort } from '../graph/runtime.ts';
import type { SplitPart } from './near-duplicates.ts';
import type { Part } from './parts.ts';
import { planExperiment, streamKeys, type ExperimentPlan, type PlannedRun } from './plan.ts';
import { predictMembers, trainMembers } from './train-members.ts';
import { epochWork, memberWork, stagesOf } from './training-work.ts';

/** A finished epoch of one member, and which share of the part's training it was. */
export type PartProgress = EpochReport & { share: number };

type LoadedExperiment = { id: number; plan: ExperimentPlan; features: Map<string, StreamFeatures> };
/** The preprocessing fitted on one part's training images: what the runs of an ablation have in common. */
type PreparedPart = { part: Part; streams: Map<string, PreparedStream> };

/** Trains parts one after the other, and keeps what the next one can use: features, and a part's preprocessing. */
export class FoldTrainer {
  readonly #reader: CatalogReader;
  readonly #loadRuntime: () => Promise<Ort>;
  #experiment: LoadedExperiment | null = null;
  #prepared: PreparedPart | null = null;

  constructor(reader: CatalogReader, loadRuntime: () => Promise<Ort>) {
    this.#reader = reader;
    this.#loadRuntime = loadRuntime;
  }

  /**
   * Trains the members of a part, one after the other, and predicts the images that it tests. Throws StudioError conflict where the
   * run's images have changed.
   */
  async train(run: StoredRun, fold: number, onEpoch: (progress: PartProgress) => void): Promise<FoldToStore> {
    const ort = await this.#loadRuntime();
    const { plan, parts } = this.#planOf(run);
    const part = parts[fold]!;
    const spec = run.spec!;
    const start = performance.now();
    const streams = await this.#prepare(ort, run, part);
    const trainStart = performance.now();
    const stages = stagesOf(part, spec);
    const members = membersOf(spec);
    const { heads, curve } = await trainMembers(ort, {
      input: { streams, targets: plan.targets, fit: part.fit, stages },
      // One thread each: parts run side by side, and two threads share one small step badly (docs/training.md).
      options: {
        ...spec.training,
        hidden: spec.fusion.hidden,
        dropout: spec.fusion.dropout,
        gate: gateStreamOf(spec),
        threads: 1,
      },
      seeds: members.seeds,
      onEpoch: (epoch) => onEpoch({ ...epoch, share: shareOf(epoch.epoch, stages) / members.seeds.length }),
    });
    const predictStart = performance.now();
    const passes = { count: members.mcDropout, rate: spec.fusion.dropout, seeds: members.seeds };
    const { predictions, std, gates } = await predictMembers(
      ort,
      heads,
      { streams, rows: part.test },
      passes,
    );
    const end = performance.now();
    const targets = Float64Array.from(part.test, (row) => plan.targets[row]!);
    const warnings = projectionWarnings(heads[0]!.streams, partLabel(spec.protocol.kind, fold));
    return {
      fold,
      repeat: spec.protocol.kind === 'split',
      metrics: metrics(predictions, targets),
      curve,
      seconds: {
        prepare: (trainStart - start) / 1000,
        train: (predictStart - trainStart) / 1000,
        predict: (end - predictStart) / 1000,
      },
      head: serializeHeads(heads),
      predictions: Array.from(part.test, (row, i) => ({
        image: plan.rows[row]!.id,
        mos: targets[i]!,
        prediction: predictions[i]!,
        std: std?.[i] ?? null,
        gates: Object.fromEntries(Object.entries(gates).map(([id, values]) => [id, values[i]!])),
      })),
      warnings,
    };
  }

  /** What each part of a run has trained on and tested. Throws StudioError conflict where the run's images have changed. */
  sides(run: StoredRun): SplitPart[] {
    const { plan, parts } = this.#planOf(run);
    const images = (rows: Int32Array): SplitRow[] =>
      Array.from(rows, (row) => {
        const { id, name, content } = plan.rows[row]!;
        return { image: id, name, content };
      });
    return parts.map(({ fit, test }, part) => ({ part, train: images(fit), test: images(test) }));
  }

  /** The plan of the run's experiment, made again and compared: a resumed run must not mix two populations. */
  #planOf(run: StoredRun): { plan: ExperimentPlan; parts: Part[] } {
    const { experiment } = run;
    if (experiment === null) throw new StudioError('internal', `Run ${run.id} has no experiment`);
    if (this.#experiment?.id !== experiment) {
      const plan = planExperiment(this.#reader, this.#reader.runs.experiment(experiment).spec);
      this.#experiment = { id: experiment, plan, features: new Map() };
      this.#prepared = null;
    }
    const { plan } = this.#experiment;
    return { plan, parts: plannedAs(plan, run).parts };
  }

  /** The run's streams, preprocessed for this part; computed once for all runs that meet its training images here. */
  async #prepare(ort: Ort, run: StoredRun, part: Part): Promise<PreparedStream[]> {
    const { plan, features } = this.#experiment!;
    // Runs with the same training images share the part itself (plan.ts).
    if (this.#prepared?.part !== part) this.#prepared = { part, streams: new Map() };
    const rows = Int32Array.from([...part.fit, ...part.test]).sort();
    const { pca } = run.spec!.fusion;
    const prepared: PreparedStream[] = [];
    for (const key of streamKeys(run)) {
      const name = `${key.stream} ${key.version}`;
      if (!features.has(name))
        features.set(name, { id: key.stream, ...this.#reader.population.matrix(plan.rows, key) });
      const preparedName = `${name} ${pca}`;
      let stream = this.#prepared.streams.get(preparedName);
      stream ??= await prepareStream(ort, features.get(name)!, part.fit, pca, rows);
      this.#prepared.streams.set(preparedName, stream);
      prepared.push(stream);
    }
    return prepared;
  }
}

/** The run as the plan has it; StudioError conflict where it has changed since it was stored. */
function plannedAs(plan: ExperimentPlan, run: StoredRun): PlannedRun {
  // By spec: the label may have been changed, and two entries of an ablation may share one.
  const wanted = JSON.stringify(run.spec);
  const planned = plan.runs.find((p) => JSON.stringify(p.run.spec) === wanted);
  const identity = (of: PlannedRun['run']): string =>
    JSON.stringify([of.streams, of.population.hash, of.train?.population.hash, of.folds?.hash]);
  if (planned !== undefined && identity(planned.run) === identity(run)) return planned;
  throw new StudioError(
    'conflict',
    `The images or features of run ${run.id} have changed since it was queued`,
    { hint: 'Delete the run and start the experiment again.' },
  );
}

/** The share of a member's training that its epoch (from 1) is. */
function shareOf(epoch: number, stages: ReturnType<typeof stagesOf>): number {
  let last = 0;
  const stage = stages.find(({ epochs }) => epoch <= (last += epochs))!;
  return epochWork(stage) / memberWork(stages);
}

/** Principal components that were left out as rounding (spec/fusion.md, preprocessing). */
function projectionWarnings(streams: readonly StreamTransform[], where: string): RunWarning[] {
  return streams.flatMap(({ id, projection }) => {
    if (projection === null || projection.dropped === 0) return [];
    const all = projection.dropped + projection.variances.length;
    const message = `${id}: ${projection.dropped} of ${all} principal components are left out in ${where === 'test' ? 'training' : where}; their variance is under 1e-7 of the largest.`;
    return [{ code: 'dropped-components', message }];
  });
}

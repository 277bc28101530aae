import { availableParallelism } from 'node:os';
import { errorShape } from '../../src-shared/errors.ts';
import type { ExperimentResult } from '../../src-shared/jobs.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import type { ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import { partNoun } from '../../src-shared/protocol-words.ts';
import { planExperiment } from '../experiments/plan.ts';
import { ComputeProcess } from '../experiments/compute.ts';
import { FoldSchedule } from '../experiments/fold-schedule.ts';
import { epochsPerPart } from '../experiments/training-work.ts';
import type { EventHub } from './events.ts';
import type { JobControl } from './queue.ts';
import { WriteBehind } from './write-behind.ts';

export type ExperimentPayload = { experiment: number };
type Parts = {
  reader: CatalogReader;
  writer: CatalogWriter;
  events: EventHub;
  catalogFile: string;
  /** Compute processes side by side, by default one per core (more for the last folds). The results do not depend on it. */
  cores?: number;
};

/** Plans a spec and stores the experiment with its queued runs. Throws StudioError where it can not run. */
export async function createExperiment(
  spec: ExperimentSpec,
  { reader, writer, events }: Pick<Parts, 'reader' | 'writer' | 'events'>,
): Promise<{ experiment: number; runs: number[] }> {
  const runs = planExperiment(reader, spec).runs.map((planned) => planned.run);
  const created = await writer.createExperiment(spec, runs);
  events.emit({ type: 'changed', noun: 'experiments' });
  events.emit({ type: 'changed', noun: 'runs' });
  return created;
}

/** Trains the folds of an experiment's runs side by side; finished runs and folds are not computed again. */
export async function runExperiment(
  { experiment }: ExperimentPayload,
  control: JobControl,
  parts: Parts,
): Promise<ExperimentResult> {
  const runs = parts.reader.runs.ofExperiment(experiment);
  try {
    await new ExperimentTraining(runs, control, parts).finish();
  } catch (error) {
    await settleRuns(experiment, control, parts, error);
    throw error;
  }
  return { experiment, runs: runs.map((r) => r.id) };
}

/** The training of the unfinished runs of an experiment in a pool of compute processes. */
class ExperimentTraining {
  readonly #control: JobControl;
  readonly #parts: Parts;
  readonly #schedule: FoldSchedule;
  readonly #writes: WriteBehind;
  /** Aborted by the first process that fails, so that the others stop too. */
  readonly #broken = new AbortController();
  readonly #signal: AbortSignal;
  readonly #started = new Set<number>();
  readonly #cores: number;
  /** The work of each compute process. */
  readonly #pool: Promise<void>[] = [];
  #last = false;
  readonly #runs: ReadonlyMap<number, StoredRun>;
  readonly #foldsInAll: number;
  readonly #totalEpochs: number;
  readonly #totalWork: number;
  #foldsDone: number;
  #workDone: number;
  #training = 0;

  constructor(runs: readonly StoredRun[], control: JobControl, parts: Parts) {
    this.#control = control;
    this.#cores = parts.cores ?? availableParallelism();
    this.#parts = parts;
    const open = runs
      .filter((run) => run.status !== 'done')
      .map((run) => ({ run, missing: this.#missing(run) }));
    this.#schedule = new FoldSchedule(open.map(({ run, missing }) => ({ run: run.id, folds: missing })));
    this.#writes = new WriteBehind(control.signal);
    this.#signal = AbortSignal.any([this.#writes.signal, this.#broken.signal]);
    this.#foldsInAll = runs.reduce((sum, run) => sum + foldsOf(run), 0);
    this.#foldsDone = this.#foldsInAll - this.#schedule.folds;
    this.#runs = new Map(runs.map((run) => [run.id, run]));
    this.#totalEpochs = runs.reduce((sum, run) => sum + foldsOf(run) * epochsPerPart(run.spec!), 0);
    this.#totalWork = runs.reduce((sum, run) => sum + foldsOf(run) * workPerFold(run), 0);
    const left = open.reduce((sum, { run, missing }) => sum + missing.length * workPerFold(run), 0);
    this.#workDone = this.#totalWork - left;
  }

  /** Resolves when every run is evaluated and stored; throws the first failure. */
  async finish(): Promise<void> {
    for (let i = 0; i < Math.max(1, Math.min(this.#cores, this.#schedule.folds)); i++) this.#startProcess();
    const ends: PromiseSettledResult<void>[] = [];
    while (this.#pool.length > 0) ends.push(...(await Promise.allSettled(this.#pool.splice(0))));
    await this.#writes.settle().finally(() => this.#parts.events.emit({ type: 'changed', noun: 'runs' }));
    // The one that failed first says why; the others were stopped by it.
    if (this.#broken.signal.aborted) throw this.#broken.signal.reason;
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #startProcess(): void {
    const work = this.#workOff();
    work.catch(() => undefined); // finish() tells of it; until it looks, this must not count as unhandled
    this.#pool.push(work);
  }

  /**
   * When less is left than there are cores, all of it starts at once: three folds that share two cores are done after one and a half
   * times the time of a fold, two and then one after twice that time.
   */
  #startLastFolds(): void {
    const { waiting } = this.#schedule;
    if (this.#last || waiting === 0 || waiting >= this.#cores) return;
    this.#last = true;
    for (let i = 0; i < waiting; i++) this.#startProcess();
  }

  #missing(run: StoredRun): number[] {
    const finished = new Set(this.#parts.reader.runs.folds(run.id).map((f) => f.fold));
    return Array.from({ length: foldsOf(run) }, (_, fold) => fold).filter((fold) => !finished.has(fold));
  }

  /** One process of the pool: works until nothing is left for it. */
  async #workOff(): Promise<void> {
    let work = this.#schedule.next(null);
    if (work === null) return;
    this.#startLastFolds();
    const process = new ComputeProcess(this.#signal);
    try {
      for (let current: number | null = null; work !== null; work = this.#schedule.next(current)) {
        this.#startLastFolds();
        current = work.fold ?? current;
        await this.#announce(work.run);
        await (work.fold === null
          ? this.#evaluate(process, work.run)
          : this.#train(process, work.run, work.fold));
        this.#schedule.finish(work);
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#broken.abort(error);
      throw error;
    } finally {
      process.close();
    }
  }

  async #announce(run: number): Promise<void> {
    if (this.#started.has(run)) return;
    this.#started.add(run);
    await this.#parts.writer.setRunStatus(run, 'running', null);
    this.#parts.events.emit({ type: 'changed', noun: 'runs' });
  }

  async #train(process: ComputeProcess, run: number, fold: number): Promise<void> {
    const { writer, events, catalogFile } = this.#parts;
    let saved: Promise<void> | null = null;
    this.#training++;
    await process.perform({ kind: 'fold', catalog: catalogFile, run, fold }, (message) => {
      if (message.type === 'epoch') {
        const { share, ...epoch } = message;
        this.#workDone += share * workPerFold(this.#runs.get(run)!);
        this.#report();
        events.emit({ ...epoch, run });
      } else if (message.type === 'fold') {
        saved = writer.saveFold(run, message.fold);
        this.#writes.add(saved);
      }
    });
    await saved;
    this.#training--;
    this.#foldsDone++;
    this.#report();
  }

  async #evaluate(process: ComputeProcess, run: number): Promise<void> {
    const { writer, events, catalogFile } = this.#parts;
    this.#report('confidence intervals');
    await process.perform({ kind: 'evaluate-run', catalog: catalogFile, run }, (message) => {
      if (message.type === 'near-duplicates') this.#writes.add(writer.saveNearDuplicates(run, message.check));
      else if (message.type === 'evaluated')
        this.#writes.add(
          writer
            .finishRun(run, message.metrics, message.seconds, message.predictions)
            .then(() => events.emit({ type: 'changed', noun: 'runs' })),
        );
    });
  }

  /** Progress is shown in epochs, but each counts with its work: an epoch on 20 % of the images is done sooner. */
  #report(message = this.#state()): void {
    const total = this.#totalEpochs;
    // Shares of many epochs add up to 1 within rounding.
    const done = Math.min(total, Math.floor((total * this.#workDone) / this.#totalWork + 1e-6));
    this.#control.progress({ done, total, message });
  }

  #state(): string {
    const [run] = this.#runs.values();
    const noun = partNoun(run!.spec!.protocol.kind);
    const parts = noun === 'test' ? 'test sides' : `${noun}s`;
    return `${this.#foldsDone} of ${this.#foldsInAll} ${parts} done, ${this.#training} in training`;
  }
}

function foldsOf(run: StoredRun): number {
  return run.folds?.count ?? 0;
}

/** Runs that were queued by an earlier version may lack the figure. */
function workPerFold(run: StoredRun): number {
  return ((run.work ?? 1) * Math.max(1, run.parameters ?? 1)) / Math.max(1, foldsOf(run));
}

/** Says on every unfinished run how the job ended: paused and stopped jobs go on later, others do not. */
async function settleRuns(
  experiment: number,
  control: JobControl,
  { reader, writer, events }: Parts,
  error: unknown,
): Promise<void> {
  const intent = control.intent();
  for (const run of reader.runs.ofExperiment(experiment)) {
    if (run.status === 'done') continue;
    if (intent === 'cancel') await writer.setRunStatus(run.id, 'cancelled', null);
    else if (intent !== null) await writer.setRunStatus(run.id, 'queued', null);
    else await writer.setRunStatus(run.id, 'failed', errorShape(error));
  }
  events.emit({ type: 'changed', noun: 'runs' });
}

import { errorShape } from '../../src-shared/errors.ts';
import type { ExperimentResult } from '../../src-shared/jobs.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import { planExperiment } from '../experiments/plan.ts';
import { compute } from '../experiments/compute.ts';
import type { EventHub } from './events.ts';
import type { JobControl } from './queue.ts';
import { WriteBehind } from './write-behind.ts';

export type ExperimentPayload = { experiment: number };
type Parts = { reader: CatalogReader; writer: CatalogWriter; events: EventHub; catalogFile: string };

/** Plans a spec and stores the experiment with its queued runs. Throws StudioError where it can not run. */
export async function createExperiment(
  spec: ExperimentSpec,
  { reader, writer, events }: Pick<Parts, 'reader' | 'writer' | 'events'>,
): Promise<{ experiment: number; runs: number[] }> {
  const created = await writer.createExperiment(spec, planExperiment(reader, spec).runs);
  events.emit({ type: 'changed', noun: 'experiments' });
  events.emit({ type: 'changed', noun: 'runs' });
  return created;
}

/** Trains the runs of an experiment one after the other; finished runs and folds are not computed again. */
export async function runExperiment(
  { experiment }: ExperimentPayload,
  control: JobControl,
  parts: Parts,
): Promise<ExperimentResult> {
  const runs = parts.reader.runs.ofExperiment(experiment);
  // Progress counts epochs: every run has folds x epochs of them.
  const epochs = runs.map((run) => (run.folds?.count ?? 1) * (run.spec?.training.epochs ?? 1));
  const total = epochs.reduce((a, b) => a + b, 0);
  let before = 0;
  try {
    for (const [i, run] of runs.entries()) {
      if (run.status !== 'done') {
        await runOne(run.id, control, parts, (done, message) =>
          control.progress({
            done: before + done,
            total,
            message: runs.length === 1 ? message : `${run.label}: ${message}`,
          }),
        );
      }
      before += epochs[i]!;
    }
  } catch (error) {
    await settleRuns(experiment, control, parts, error);
    throw error;
  }
  return { experiment, runs: runs.map((r) => r.id) };
}

async function runOne(
  id: number,
  control: JobControl,
  { reader, writer, events, catalogFile }: Parts,
  progress: (done: number, message: string) => void,
) {
  const run = reader.runs.get(id);
  const folds = run.folds!.count;
  const epochs = run.spec!.training.epochs;
  await writer.setRunStatus(id, 'running', null);
  events.emit({ type: 'changed', noun: 'runs' });
  const writes = new WriteBehind(control.signal);
  try {
    await compute(
      { kind: 'run', catalog: catalogFile, run: id },
      {
        signal: writes.signal,
        onMessage(message) {
          switch (message.type) {
            case 'epoch':
              progress(
                message.fold * epochs + message.epoch,
                `fold ${message.fold + 1} of ${folds}, epoch ${message.epoch} of ${epochs}`,
              );
              events.emit({ ...message, type: 'epoch', run: id });
              break;
            case 'stage':
              progress(folds * epochs, message.message);
              break;
            case 'fold':
              writes.add(writer.saveFold(id, message.fold));
              break;
            case 'evaluated':
              writes.add(writer.finishRun(id, message.metrics, message.seconds));
              break;
          }
        },
      },
    );
  } finally {
    await writes.settle().finally(() => events.emit({ type: 'changed', noun: 'runs' }));
  }
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

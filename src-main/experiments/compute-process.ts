/**
 * The compute process: the only kind of process that loads onnxruntime-node. One task, then it ends.
 * It reads the catalog itself and never writes: results go to the engine as messages, and its catalog thread stores them.
 */
import { setPriority } from 'node:os';
import { errorShape, StudioError } from '../../src-shared/errors.ts';
import { openCatalogReader } from '../catalog/reader.ts';
import { bootstrapIntervals } from '../evaluation/bootstrap.ts';
import { foldTable } from '../evaluation/breakdown.ts';
import { metrics } from '../evaluation/metrics.ts';
import { predictHead, type HeadOutput } from '../fusion/predict.ts';
import { parseHead } from '../fusion/trained-head.ts';
import type { RunMetrics } from '../catalog/runs.ts';
import type { ComputeMessage, ComputeTask } from './compute-protocol.ts';
import { trainRun } from './train-run.ts';

const BOOTSTRAP_SEED = 42;

/** Resolves when the message has left: a process may only end then. */
function send(message: ComputeMessage): Promise<void> {
  return new Promise((resolve, reject) =>
    process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error))),
  );
}

async function perform(task: ComputeTask): Promise<void> {
  if (task.kind === 'evaluate') {
    const result = await evaluate(task.prediction, task.target, null, task.groups);
    return send({ type: 'evaluated', metrics: result, seconds: { prepare: 0, train: 0, predict: 0 } });
  }
  const ort = await import('onnxruntime-node');
  if (task.kind === 'predict') {
    const rows = Int32Array.from({ length: task.n }, (_, i) => i);
    const perHead: HeadOutput[] = [];
    for (const head of task.heads) perHead.push(await predictHead(ort, parseHead(head), task.streams, rows));
    return send({ type: 'predicted', perHead });
  }
  const reader = openCatalogReader(task.catalog);
  const run = reader.runs.get(task.run);
  if (run.experiment === null) throw new StudioError('internal', `Run ${task.run} has no experiment`);
  const { population, folds, seconds, outOfFold } = await trainRun({
    reader,
    run,
    experiment: reader.runs.experiment(run.experiment).spec,
    ort,
    threads: 1, // two threads share one small step badly when the cores are busy (docs/training.md)
    send,
  });
  await send({ type: 'stage', message: 'confidence intervals' });
  const groups = population.every((row) => row.group !== null) ? population.map((row) => row.group!) : null;
  const target = Float64Array.from(population, (row) => row.mos);
  const result = await evaluate(outOfFold, target, folds, groups);
  return send({ type: 'evaluated', metrics: result, seconds });
}

/** Overall metrics with percentile bootstrap intervals (by group where there are groups), and per fold. */
async function evaluate(
  prediction: Float64Array,
  target: Float64Array,
  folds: Int32Array[] | null,
  groups: string[] | null,
): Promise<RunMetrics> {
  const table = folds === null ? null : foldTable(prediction, target, folds);
  return {
    overall: metrics(prediction, target),
    ci95: await bootstrapIntervals(prediction, target, {
      seed: BOOTSTRAP_SEED,
      ...(groups === null ? {} : { groups }),
    }),
    folds: table?.folds ?? null,
    mean: table?.mean ?? null,
    std: table?.std ?? null,
  };
}

setPriority(10); // the window and the rest of the machine come first
process.once('message', (task: ComputeTask) => {
  perform(task)
    .catch((error: unknown) => send({ type: 'failed', error: errorShape(error) }))
    .finally(() => process.exit());
});
// Ctrl-C reaches the whole process group; the engine decides what becomes of this job.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit()); // the engine is gone; finished folds are in the catalog

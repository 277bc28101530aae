/**
 * A compute process: the only kind of process that loads onnxruntime-node. It performs tasks one after the other until the
 * engine ends it. It reads the catalog itself and never writes: results go to the engine as messages, and its catalog thread
 * stores them.
 */
import { flushCompileCache } from 'node:module';
import { setPriority } from 'node:os';
import { errorShape } from '../../src-shared/errors.ts';
import { openCatalogReader, type CatalogReader } from '../catalog/reader.ts';
import { optimizeKernel } from '../fusion/kernel.ts';
import { predictHead, type HeadOutput } from '../fusion/predict.ts';
import { parseHeads } from '../fusion/trained-head.ts';
import type { Ort } from '../graph/runtime.ts';
import type { ComputeMessage, ComputeTask } from './compute-protocol.ts';
import { FingerprintSearch } from './close-fingerprints.ts';
import { evaluatePredictions, evaluateRun } from './evaluate-run.ts';
import { exportRun } from './export-run.ts';
import { checkRun } from './near-duplicates.ts';
import { runModel } from './run-model.ts';
import { FoldTrainer } from './train-fold.ts';

/** Resolves when the message has left. */
function send(message: ComputeMessage): Promise<void> {
  return new Promise((resolve, reject) =>
    process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error))),
  );
}

/** What tasks of one catalog have in common. */
type Opened = {
  catalog: string;
  reader: CatalogReader;
  trainer: FoldTrainer;
  fingerprints: FingerprintSearch;
};
let opened: Opened | null = null;

function open(catalog: string): Opened {
  if (opened?.catalog !== catalog) {
    opened?.reader.close();
    const reader = openCatalogReader(catalog);
    opened = {
      catalog,
      reader,
      trainer: new FoldTrainer(reader, loadRuntime),
      fingerprints: new FingerprintSearch(reader),
    };
  }
  return opened;
}

function loadRuntime(): Promise<Ort> {
  return import('onnxruntime-node');
}

async function perform(task: ComputeTask): Promise<void> {
  switch (task.kind) {
    case 'fold': {
      const { reader, trainer } = open(task.catalog);
      const fold = await trainer.train(reader.runs.get(task.run), task.fold, (progress) => {
        void send({ type: 'epoch', fold: task.fold, ...progress });
      });
      return send({ type: 'fold', fold });
    }
    case 'evaluate-run': {
      const { reader, trainer, fingerprints } = open(task.catalog);
      const run = reader.runs.get(task.run);
      const check = checkRun(reader, fingerprints, run, trainer.sides(run));
      await send({ type: 'near-duplicates', check });
      return send({ type: 'evaluated', ...(await evaluateRun(reader, task.run)) });
    }
    case 'evaluate': {
      const metrics = await evaluatePredictions(task.prediction, task.target, task.groups);
      return send({
        type: 'evaluated',
        metrics,
        seconds: { prepare: 0, train: 0, predict: 0 },
        predictions: [],
      });
    }
    case 'predict': {
      const ort = await loadRuntime();
      const rows = Int32Array.from({ length: task.n }, (_, i) => i);
      const perHead: HeadOutput[] = [];
      for (const head of task.heads.flatMap(parseHeads))
        perHead.push(await predictHead(ort, head, task.streams, rows));
      return send({ type: 'predicted', perHead });
    }
    case 'predict-model': {
      const scores = await runModel(await loadRuntime(), task.model, task.streams, task.n);
      return send({ type: 'scored', scores });
    }
    case 'export': {
      const exported = await exportRun(await loadRuntime(), open(task.catalog).reader, task.run);
      return send({ type: 'exported', exported });
    }
  }
}

flushCompileCache(); // now: the engine ends this process without a warning
optimizeKernel();
setPriority(10); // the window and the rest of the machine come first
process.on('message', (task: ComputeTask) => {
  perform(task)
    .then(() => send({ type: 'done' }))
    .catch((error: unknown) => send({ type: 'failed', error: errorShape(error) }));
});
// Ctrl-C reaches the whole process group; the engine decides what becomes of this job.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit()); // the engine is gone; finished folds are in the catalog

/**
 * Training against the PyTorch recipe (../shared/peer/paper_pipeline.py) on a KonIQ-sized synthetic set: 10,073 images, streams of
 * 138, 1,152 and 1,024 dimensions, 5 folds, canonical head. `node tests/bench/train.ts [epochs] [rounds]`, by default all 80 epochs, once.
 * With fewer the training part is extrapolated, and what happens once (processes that start, folds that end unevenly) counts too often.
 * Both sides run in turn, `rounds` times, with the same cores and priority; each part's fastest round counts.
 * BIQA_PYTHON names a Python with torch and scikit-learn.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { EventHub } from '../../src-main/jobs/events.ts';
import { createExperiment, runExperiment } from '../../src-main/jobs/experiment.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { parseExperimentSpec } from '../../src-shared/experiment-spec.ts';
import { makeFeatureCatalog, type FeatureCatalog } from '../fixtures/feature-catalog.ts';
import { benchTrainStep } from './train-step.ts';
import type { Seconds } from '../../src-main/catalog/runs.ts';

const IMAGES = 10_073;
const FOLDS = 5;
const BATCH = 128;
const FULL_EPOCHS = 80;
const DIMENSIONS = { nss: 138, siglip: 1152, cliph: 1024 };
const PEER = path.resolve(import.meta.dirname, '../../../shared/peer/paper_pipeline.py');
const CORES = availableParallelism();

/** Wall-clock seconds, the training part as if it took 80 epochs. */
type Side = { prepare: number; train: number; predict: number; total: number };

/** Runs the bench and prints its lines. */
export async function benchTrain(epochs = FULL_EPOCHS, rounds = 1): Promise<void> {
  setPriority(10); // what the product's compute processes have, so that the peer gets it too
  const products = await benchTrainStep();
  const python = pythonWithTorch();
  const home = mkdtempSync(path.join(tmpdir(), 'biqa-train-'));
  process.env['NODE_COMPILE_CACHE'] = path.join(home, 'compiled'); // as the engine does
  const catalog = await makeFeatureCatalog(home, syntheticSet());
  const ours: Side[] = [];
  const full: Side[] = [];
  const eigh: Side[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      ours.push(await studio(catalog, epochs, products));
      if (python === null) continue;
      full.push(peer(python, 'full', epochs));
      // The training part is the same: one epoch is enough to time the other solver.
      eigh.push(peer(python, 'covariance_eigh', 1));
    }
  } finally {
    await catalog.close();
    rmSync(home, { recursive: true, force: true });
  }
  if (epochs !== FULL_EPOCHS)
    console.log(`(training part extrapolated from ${epochs} to ${FULL_EPOCHS} epochs on both sides)`);
  if (python === null) return;
  const mine = best(ours);
  const theirs = best(full);
  const fast = best(eigh);
  const fastTotal = theirs.total - theirs.prepare + fast.prepare;
  console.log(`studio: ${describe(mine)}`);
  console.log(`PyTorch, svd_solver full: ${describe(theirs)}`);
  console.log(
    `PyTorch, covariance_eigh: scaler + PCA ${fast.prepare.toFixed(1)} s; ratio end to end ${(fastTotal / mine.total).toFixed(2)} x`,
  );
  const [total, train] = [theirs.total / mine.total, theirs.train / mine.train];
  console.log(`ratio to PyTorch: end to end ${total.toFixed(2)} x, training ${train.toFixed(2)} x`);
}

/** The product's whole way: catalog, compute processes, folds stored. Evaluation is left out, as the peer has none. */
async function studio(catalog: FeatureCatalog, epochs: number, products: number): Promise<Side> {
  const { reader, writer, file } = catalog;
  const events = new EventHub();
  const spec = parseExperimentSpec({
    dataset: 'synthetic',
    streams: Object.keys(DIMENSIONS),
    training: { epochs },
  });
  const { experiment, runs } = await createExperiment(spec, { reader, writer, events });
  const memory = watchMemory();
  const start = performance.now();
  let stored = start;
  let firstEpoch = Infinity;
  const stop = events.subscribe((event) => {
    if (event.type === 'epoch') firstEpoch = Math.min(firstEpoch, performance.now());
  });
  const control = {
    signal: new AbortController().signal,
    intent: () => null,
    fail: () => undefined,
    progress({ message }: { message?: string }) {
      if (message !== 'confidence intervals') stored = performance.now();
    },
  };
  await runExperiment({ experiment }, control, { reader, writer, events, catalogFile: file });
  stop();
  const gigabytes = memory.stop();
  const wall = (stored - start) / 1000;
  const folds = reader.runs.folds(runs[0]!).map((fold) => fold.seconds);
  const untilFirstEpoch = folds[0]!.prepare + folds[0]!.train / epochs;
  const startUp = Math.max(0, (firstEpoch - start) / 1000 - untilFirstEpoch);
  const side = extrapolate(folds, wall, startUp, epochs);
  const steps = folds.length * epochs * Math.ceil((IMAGES * (1 - 1 / FOLDS)) / BATCH);
  const step = (1000 * folds.reduce((sum, { train }) => sum + train, 0)) / steps;
  console.log(
    `studio, ${CORES} processes, ${epochs} epochs: ${wall.toFixed(1)} s, ${step.toFixed(2)} ms per step and process ` +
      `(${(step / products).toFixed(2)} x its matrix products alone), ${gigabytes.toFixed(2)} GB${load()}`,
  );
  return side;
}

/**
 * The wall-clock time of 80 epochs from the folds' own times and the measured wall-clock time: each part has the share of the wall
 * that it has of the processes' time. The start of the processes counts as preparation.
 */
function extrapolate(folds: readonly Seconds[], wall: number, startUp: number, epochs: number): Side {
  const sum = (part: keyof Seconds): number => folds.reduce((total, fold) => total + fold[part], 0);
  // Where more processes than cores ran at the end, their folds' times overlap; the wall is what counts.
  const busy = sum('prepare') + sum('train') + sum('predict');
  const [train, predict] = [sum('train'), sum('predict')].map((t) => ((wall - startUp) * t) / busy) as [
    number,
    number,
  ];
  const prepare = wall - train - predict;
  const full = (train * FULL_EPOCHS) / epochs;
  return { prepare, train: full, predict, total: prepare + full + predict };
}

function peer(python: string, solver: string, epochs: number): Side {
  const data = ['--synthetic', String(IMAGES), '--folds', String(FOLDS), '--batch', String(BATCH)];
  const options = ['--epochs', String(epochs), '--threads', String(CORES), '--solver', solver];
  const output = execFileSync(python, [PEER, ...data, ...options], { encoding: 'utf8' });
  const { seconds } = JSON.parse(output) as { seconds: Side };
  const train = (seconds.train * FULL_EPOCHS) / epochs;
  console.log(
    `PyTorch, ${CORES} threads, ${solver}, ${epochs} epochs: ${seconds.total.toFixed(1)} s ` +
      `(scaler + PCA ${seconds.prepare}, training ${seconds.train})${load()}`,
  );
  return { ...seconds, train, total: seconds.prepare + train + seconds.predict };
}

/** Standard normal features, and labels that depend on a few of them, as the peer's --synthetic draws them. */
function syntheticSet(): Parameters<typeof makeFeatureCatalog>[1] {
  const random = new Random(0);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const streams = Object.entries(DIMENSIONS).map(([id, dimension]) => ({
    id,
    dimension,
    data: Float32Array.from({ length: IMAGES * dimension }, normal),
  }));
  const [nss, siglip, cliph] = streams.map(
    ({ dimension, data }) =>
      (row: number, d: number) =>
        data[row * dimension + d]!,
  );
  const targets = Float64Array.from({ length: IMAGES }, (_, row) => {
    const together = Math.tanh(cliph!(row, 2) * siglip!(row, 3));
    return 3 + 0.5 * nss!(row, 0) + 0.4 * siglip!(row, 1) + 0.3 * together + 0.3 * normal();
  });
  return { streams, targets };
}

/** Largest resident memory of this process's children together, in GB; 0 where there is no /proc. */
function watchMemory(): { stop(): number } {
  let most = 0;
  const sample = (): void => {
    const children = `/proc/self/task/${process.pid}/children`;
    if (!existsSync(children)) return;
    let bytes = 0;
    for (const pid of readFileSync(children, 'utf8').split(' ').filter(Boolean)) {
      const statm = `/proc/${pid}/statm`;
      if (existsSync(statm)) bytes += 4096 * Number(readFileSync(statm, 'utf8').split(' ')[1]);
    }
    most = Math.max(most, bytes / 1e9);
  };
  const timer = setInterval(sample, 100);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

function pythonWithTorch(): string | null {
  const candidates = [process.env['BIQA_PYTHON'], '/tmp/venv/bin/python', 'python3'];
  const found = candidates.find((python) => {
    if (python === undefined || !existsSync(PEER)) return false;
    try {
      execFileSync(python, ['-c', 'import torch, sklearn, scipy'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined)
    console.log('PyTorch: not compared (needs ../shared and a Python with torch and scikit-learn)');
  return found ?? null;
}

/** Each part's fastest round: on a machine with other work the one that was disturbed least. */
function best(sides: readonly Side[]): Side {
  const least = (part: keyof Side): number => Math.min(...sides.map((side) => side[part]));
  const [prepare, train, predict] = [least('prepare'), least('train'), least('predict')];
  return { prepare, train, predict, total: prepare + train + predict };
}

function describe({ prepare, train, predict, total }: Side): string {
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  return `end to end ${seconds(total)}: scaler + PCA ${seconds(prepare)}, training ${seconds(train)}, prediction ${seconds(predict)}`;
}

function load(): string {
  return ` [load ${loadavg()[0]!.toFixed(1)}]`;
}

if (import.meta.main) await benchTrain(Number(process.argv[2] ?? FULL_EPOCHS), Number(process.argv[3] ?? 1));

/**
 * Time of one training step of the canonical head (650-512-256-1, batch 128): of the product, of its parts, of the
 * step's matrix products alone in ONNX Runtime, and, where Python with PyTorch is at hand, of the peer's step.
 * `node tests/bench/train.ts`; BIQA_PYTHON names the Python.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { AdamW } from '../../src-main/fusion/adamw.ts';
import { Dropout } from '../../src-main/fusion/dropout.ts';
import { countParameters, initialParameters } from '../../src-main/fusion/head.ts';
import { FusionKernel } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { trainMember } from '../../src-main/fusion/train.ts';
import { TrainingSession } from '../../src-main/fusion/training-session.ts';
import { matmul } from '../../src-main/graph/operators.ts';
import { writeOnnx } from '../../src-main/graph/onnx-writer.ts';
import { createSession, floatTensor } from '../../src-main/graph/runtime.ts';
import { input } from '../../src-main/graph/tensor.ts';
import type { Tensor } from '../../src-main/graph/tensor.ts';
import type { TrainOptions } from '../../src-main/fusion/train.ts';

const SIZES = [650, 512, 256, 1];
const ARCHITECTURE = { streams: [{ id: 'nss', width: 650 }], hidden: [512, 256], gate: null };
const BATCH = 128;
const ROWS = 1280;
const EPOCHS = 40;
const STEPS = (EPOCHS * ROWS) / BATCH;
const OPTIONS: Omit<TrainOptions, 'threads'> = {
  hidden: [512, 256],
  dropout: 0.3,
  epochs: EPOCHS,
  batch: BATCH,
  lr: 5e-4,
  weightDecay: 1e-4,
  clip: 1,
  lambdaPlcc: 0.5,
  lambdaRank: 0.5,
  seed: 42,
  targets: 'standardized',
  gate: null,
  pca: 256,
};
const PEER = path.resolve(import.meta.dirname, '../../../shared/peer/paper_pipeline.py');

/** Runs the bench and prints its lines. */
export async function benchTrain(): Promise<void> {
  console.log(
    `head ${SIZES.join('-')}, ${countParameters(ARCHITECTURE)} parameters, batch ${BATCH}, ${STEPS} steps`,
  );
  const product = new Map<number, number>();
  for (const threads of [1, 2]) {
    const products = await productsAlone(threads);
    const step = await wholeTraining(threads);
    product.set(threads, step);
    console.log(
      `studio, ${threads} thread(s): ${format(step)} per step, preprocessing and session start included`,
    );
    console.log(
      `  matrix products alone in ONNX Runtime: ${format(products)} (step / products ${(step / products).toFixed(2)})`,
    );
    await parts(threads);
  }
  for (const threads of [1, 2]) {
    const peer = peerStep(threads);
    if (peer === null) continue;
    console.log(`PyTorch, ${threads} thread(s): ${format(peer)} per step`);
    console.log(`  ratio to PyTorch, training step: ${(peer / product.get(threads)!).toFixed(2)} x`);
  }
}

/** Milliseconds per step of `trainMember` from raw features to the trained head. */
async function wholeTraining(threads: number): Promise<number> {
  const { features, targets } = randomData();
  const stream = { id: 'nss', dimension: SIZES[0]!, data: features };
  const train = Int32Array.from({ length: ROWS }, (_, row) => row);
  const start = performance.now();
  await trainMember(
    ort,
    { streams: [stream], targets: Float64Array.from(targets), train },
    { ...OPTIONS, threads },
  );
  return (performance.now() - start) / STEPS;
}

/** Prints where the time of a step goes. */
async function parts(threads: number): Promise<void> {
  const data = randomData();
  const initial = initialParameters(ARCHITECTURE, new Random(1));
  const columns = TrainingSession.bytes(ARCHITECTURE, BATCH) + AdamW.bytes(initial.length);
  const kernel = new FusionKernel(2 * columns);
  const optimizer = new AdamW(kernel, initial, OPTIONS);
  const options = { ...OPTIONS, threads };
  const session = await TrainingSession.create(ort, {
    kernel,
    architecture: ARCHITECTURE,
    optimizer,
    dropoutSeed: 1,
    options,
  });
  const rows = Int32Array.from({ length: BATCH }, (_, row) => row);
  const step = await milliseconds(async () => void (await session.step(data, rows)));
  const adamW = await milliseconds(() => optimizer.step(1e-4));
  const masks = [kernel.float32(BATCH * 512), kernel.float32(BATCH * 256)];
  const drawing = new Dropout(kernel, 1, 0.3);
  const dropout = await milliseconds(() => masks.forEach((mask) => drawing.fill(mask)));
  await session.dispose();
  console.log(
    `  forward, loss, backward ${format(step - dropout)}; dropout masks ${format(dropout)}; clip and AdamW ${format(adamW)}`,
  );
}

/** Milliseconds of the eight matrix products of a step, nothing else, in one ONNX Runtime run. */
async function productsAlone(threads: number): Promise<number> {
  const outputs: Record<string, Tensor> = {};
  const shapes = new Map<string, [number, number]>();
  const matrix = (name: string, rows: number, columns: number): Tensor => {
    shapes.set(name, [rows, columns]);
    return input(name, [rows, columns]);
  };
  for (const [i, inputs] of SIZES.slice(0, -1).entries()) {
    const width = SIZES[i + 1]!;
    const x = matrix(`x${i}`, BATCH, inputs);
    const w = matrix(`w${i}`, inputs, width);
    const slope = matrix(`g${i}`, BATCH, width);
    outputs[`y${i}`] = matmul(x, w);
    outputs[`dw${i}`] = matmul(x, slope, { a: true });
    if (i > 0) outputs[`dx${i}`] = matmul(slope, w, { b: true });
  }
  const session = await createSession(ort, writeOnnx(outputs), threads);
  const feeds = [...shapes].map(([name, shape]) => {
    const values = new Float32Array(shape[0] * shape[1]).fill(0.5);
    return [name, floatTensor(ort, values, shape)] as const;
  });
  const fetches = Object.entries(outputs).map(([name, { shape }]) => {
    const lengths = shape as number[];
    return [name, floatTensor(ort, new Float32Array(lengths[0]! * lengths[1]!), lengths)] as const;
  });
  const run = Object.fromEntries(feeds);
  const into = Object.fromEntries(fetches);
  const time = await milliseconds(async () => void (await session.run(run, into)));
  await session.release();
  return time;
}

/** Milliseconds per step of the peer's training part on three streams (138 + 256 + 256 after PCA), or null without it. */
function peerStep(threads: number): number | null {
  const python = process.env['BIQA_PYTHON'] ?? '/tmp/venv/bin/python';
  if (!existsSync(python) || !existsSync(PEER)) {
    console.log(`PyTorch: not compared, ${existsSync(PEER) ? python : PEER} is not there`);
    return null;
  }
  // Two folds of 2 x ROWS images: each of them trains on ROWS.
  const shape = ['--synthetic', String(2 * ROWS), '--folds', '2', '--epochs', String(EPOCHS)];
  const options = ['--threads', String(threads), '--solver', 'covariance_eigh'];
  const output = execFileSync(python, [PEER, ...shape, ...options], { encoding: 'utf8' });
  const { seconds } = JSON.parse(output) as { seconds: { train: number } };
  return (1000 * seconds.train) / (2 * STEPS);
}

function randomData(): { features: Float32Array; targets: Float32Array } {
  const random = new Random(3);
  const features = Float32Array.from({ length: ROWS * SIZES[0]! }, () => 2 * random.uniform() - 1);
  return {
    features,
    targets: Float32Array.from({ length: ROWS }, (_, row) => features[row * SIZES[0]!]! + 3),
  };
}

/** Median of 100 runs after 20 that do not count. */
async function milliseconds(action: () => void | Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 120; i++) {
    const start = performance.now();
    await action();
    if (i >= 20) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[50]!;
}

function format(time: number): string {
  return `${time.toFixed(2)} ms`;
}

if (import.meta.main) await benchTrain();

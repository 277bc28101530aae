/**
 * Time of one training step of the canonical head (650-512-256-1, batch 128) with one thread: of its parts, and of its matrix
 * products alone in ONNX Runtime.
 */
import * as ort from 'onnxruntime-node';
import { AdamW } from '../../src-main/fusion/adamw.ts';
import { Dropout } from '../../src-main/fusion/dropout.ts';
import { countParameters, initialParameters } from '../../src-main/fusion/head.ts';
import { FusionKernel, optimizeKernel } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { TrainingStep } from '../../src-main/fusion/training-step.ts';
import { matmul } from '../../src-main/graph/operators.ts';
import { writeOnnx } from '../../src-main/graph/onnx-writer.ts';
import { openInPlace, type Place } from '../../src-main/graph/in-place.ts';
import { input } from '../../src-main/graph/tensor.ts';
import type { Tensor } from '../../src-main/graph/tensor.ts';

const SIZES = [650, 512, 256, 1];
const ARCHITECTURE = { streams: [{ id: 'nss', width: 650 }], hidden: [512, 256], gate: null };
const BATCH = 128;
const OPTIONS = { batch: BATCH, dropout: 0.3, weightDecay: 1e-4, clip: 1, lambdaPlcc: 0.5, lambdaRank: 0.5 };

/** Prints the parts of a step; gives the milliseconds of its matrix products. */
export async function benchTrainStep(): Promise<number> {
  optimizeKernel(); // as compute processes do
  const count = countParameters(ARCHITECTURE);
  console.log(`one step of the head ${SIZES.join('-')} (${count} parameters), batch ${BATCH}, one thread:`);
  const products = await productsAlone(1);
  await parts(1);
  console.log(`  its matrix products alone in ONNX Runtime: ${format(products)}`);
  return products;
}

/** Prints where the time of a step goes. */
async function parts(threads: number): Promise<void> {
  const data = randomData();
  const initial = initialParameters(ARCHITECTURE, new Random(1));
  const columns = TrainingStep.bytes(ARCHITECTURE, BATCH) + AdamW.bytes(initial.length);
  const kernel = new FusionKernel(2 * columns);
  const optimizer = new AdamW(kernel, initial, OPTIONS);
  const options = { ...OPTIONS, threads };
  const training = await TrainingStep.create(ort, {
    kernel,
    architecture: ARCHITECTURE,
    optimizer,
    dropoutSeed: 1,
    options,
  });
  const rows = Int32Array.from({ length: BATCH }, (_, row) => row);
  const step = await milliseconds(async () => void (await training.run(data, rows)));
  const adamW = await milliseconds(() => optimizer.step(1e-4));
  const masks = [kernel.float32(BATCH * 512), kernel.float32(BATCH * 256)];
  const drawing = new Dropout(kernel, 1, 0.3);
  const dropout = await milliseconds(() => masks.forEach((mask) => drawing.fill(mask)));
  await training.dispose();
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
    const w = matrix(`w${i}`, width, inputs);
    const slope = matrix(`g${i}`, width, BATCH);
    // As in head.ts: the features come a row per image, everything after them is a column per image.
    const rows = i === 0;
    const x = rows ? matrix('x0', BATCH, inputs) : matrix(`x${i}`, inputs, BATCH);
    outputs[`y${i}`] = matmul(w, x, { b: rows });
    outputs[`dw${i}`] = matmul(slope, x, { b: !rows });
    if (!rows) outputs[`dx${i}`] = matmul(w, slope, { a: true });
  }
  const session = await openInPlace(ort, writeOnnx(outputs), threads);
  const inputs = [...shapes].map(([name, shape]): [string, Place] => [
    name,
    { values: new Float32Array(shape[0] * shape[1]).fill(0.5), shape },
  ]);
  const places = Object.entries(outputs).map(([name, { shape }]): [string, Place] => {
    const lengths = shape as number[];
    return [name, { values: new Float32Array(lengths[0]! * lengths[1]!), shape: lengths }];
  });
  const time = await milliseconds(session.bind(Object.fromEntries(inputs), Object.fromEntries(places)));
  await session.release();
  return time;
}

function randomData(): { features: Float32Array; targets: Float32Array } {
  const random = new Random(3);
  const features = Float32Array.from({ length: BATCH * SIZES[0]! }, () => 2 * random.uniform() - 1);
  return {
    features,
    targets: Float32Array.from({ length: BATCH }, (_, row) => features[row * SIZES[0]!]! + 3),
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

if (import.meta.main) await benchTrainStep();

import * as ort from 'onnxruntime-node';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AdamW } from '../../src-main/fusion/adamw.ts';
import { Dropout } from '../../src-main/fusion/dropout.ts';
import { initialParameters, layersOf, type Architecture } from '../../src-main/fusion/head.ts';
import { FusionKernel } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { TrainingStep } from '../../src-main/fusion/training-step.ts';
import { relativeDifference } from './graph-run.ts';
import { tfLoss, tfModel } from './tf-fusion.ts';

const STATIC: Architecture = {
  streams: [
    { id: 'a', width: 3 },
    { id: 'b', width: 5 },
    { id: 'c', width: 4 },
  ],
  hidden: [9, 5],
  gate: null,
};
const MODELS: [name: string, Architecture][] = [
  ['static', STATIC],
  ['static with one hidden layer', { ...STATIC, hidden: [6] }],
  ['gated', { ...STATIC, gate: 'b' }],
  ['gated by the last stream, three hidden layers', { ...STATIC, hidden: [8, 6, 4], gate: 'c' }],
];
const WIDTH = 12;
const WEIGHTS = { lambdaPlcc: 0.5, lambdaRank: 0.5 };
const RATE = 0.3;
const SEED = 17;

const opened: TrainingStep[] = [];
beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterEach(async () => {
  for (const step of opened.splice(0)) await step.dispose();
});

describe.each(MODELS)('a step of the model, %s, against TensorFlow.js', (_, architecture) => {
  it.each([2, 7, 128])('loss and all gradients agree for a batch of %i', async (batch) => {
    const { features, targets, parameters, run } = await makeStep(architecture, batch);
    const { loss, gradients } = await run(targets);

    const masks = drawMasks(architecture, batch);
    const layers = tfParameters(architecture, parameters);
    const x = tf.tensor2d(features, [batch, WIDTH]);
    const reference = (...tensors: tf.Tensor[]): tf.Scalar =>
      tfLoss(tfModel(architecture, x, tensors, masks), targets, WEIGHTS);
    const { value, grads } = tf.valueAndGrads(reference)(layers);
    expect(Math.abs(loss / value.dataSync()[0]! - 1)).toBeLessThan(1e-4);
    expect(gradients).toHaveLength(layers.length);
    gradients.forEach((gradient, i) => {
      const name = `${i % 2 === 0 ? 'weight' : 'bias'} ${i >> 1}`;
      expect(relativeDifference(gradient, grads[i]!.dataSync<'float32'>()), name).toBeLessThan(1e-4);
    });
  });

  it.each([2, 7, 128])('stays finite for equal labels, predictions and both (batch of %i)', async (batch) => {
    const equal = new Float32Array(batch).fill(0.5);
    for (const [constantLabels, constantPredictions] of [
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const { targets, parameters, run } = await makeStep(architecture, batch);
      const last = layersOf(architecture)[architecture.hidden.length]!;
      if (constantPredictions === true) parameters.fill(0, last.weightOffset, last.biasOffset + 1);
      const { loss, gradients } = await run(constantLabels === true ? equal : targets);
      expect(Number.isFinite(loss)).toBe(true);
      expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
      expect(gradients.some((gradient) => gradient.some((slope) => slope !== 0))).toBe(true);
    }
  });

  it('gives the same bits for a batch that does not fill the memory', async () => {
    const full = await makeStep(architecture, 7);
    const roomy = await makeStep(architecture, 7, 16);
    expect(await roomy.run(full.targets)).toEqual(await full.run(full.targets));
  });
});

it.each(MODELS)('needs no dropout: %s', async (_, architecture) => {
  const { features, targets, parameters, run } = await makeStep(architecture, 7, 7, 0);
  const { gradients } = await run(targets);
  const layers = tfParameters(architecture, parameters);
  const ones = architecture.hidden.map((units) => tf.ones([units, 7]));
  const x = tf.tensor2d(features, [7, WIDTH]);
  const { grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
    tfLoss(tfModel(architecture, x, tensors, ones), targets, WEIGHTS),
  )(layers);
  gradients.forEach((gradient, i) =>
    expect(relativeDifference(gradient, grads[i]!.dataSync<'float32'>()), `${i}`).toBeLessThan(1e-4),
  );
});

it.each(MODELS)(
  'a batch leaves nothing behind for the next, smaller or as large: %s',
  async (_, architecture) => {
    const { targets, run } = await makeStep(architecture, 9, 9, 0);
    const whole = await run(targets);
    const some = await run(targets, 4);
    expect(some).not.toEqual(whole);
    expect(await run(targets)).toEqual(whole);
    expect(await run(targets, 4)).toEqual(some);
  },
);

it('has at least one hidden layer', async () => {
  await expect(makeStep({ ...STATIC, hidden: [] }, 4)).rejects.toThrow('needs a hidden layer');
});

it('gradients of the gates are what finite differences of the whole loss say', async () => {
  const architecture = { ...STATIC, gate: 'b' };
  const { targets, parameters, run } = await makeStep(architecture, 7, 7, 0);
  const slopes = (await run(targets)).gradients[8]!;
  const { weightOffset } = layersOf(architecture)[4]!;
  const step = 1e-2;
  const lossWith = async (i: number, moved: number): Promise<number> => {
    const before = parameters[weightOffset + i]!;
    parameters[weightOffset + i] = before + moved;
    const { loss } = await run(targets);
    parameters[weightOffset + i] = before;
    return loss;
  };
  const differences = new Float32Array(slopes.length);
  for (let i = 0; i < slopes.length; i += 7)
    differences[i] = ((await lossWith(i, step)) - (await lossWith(i, -step))) / (2 * step);
  const checked = slopes.map((slope, i) => (i % 7 === 0 ? slope : 0));
  expect(checked.some((slope) => slope !== 0)).toBe(true);
  // Central differences of a float32 model: truncation and rounding are near 1e-4 of the largest slope here.
  expect(relativeDifference(checked, differences)).toBeLessThan(5e-3);
});

/** A step on random data with the parameters of the same seed; `run` gives loss and the gradient of each layer's weight and bias. */
async function makeStep(architecture: Architecture, n: number, batch = n, dropout = RATE) {
  const random = new Random(n);
  const uniform = (length: number): Float32Array =>
    Float32Array.from({ length }, () => 2 * random.uniform() - 1);
  const initial = initialParameters(architecture, random);
  const kernel = new FusionKernel(AdamW.bytes(initial.length) + TrainingStep.bytes(architecture, batch));
  const optimizer = new AdamW(kernel, initial, { weightDecay: 0, clip: 1 });
  const step = await TrainingStep.create(ort, {
    kernel,
    architecture,
    optimizer,
    dropoutSeed: SEED,
    options: { ...WEIGHTS, batch, dropout, threads: 1 },
  });
  opened.push(step);
  const features = uniform(n * WIDTH);
  const everyRow = Int32Array.from({ length: n }, (_, row) => row);
  return {
    features,
    targets: uniform(n),
    parameters: optimizer.parameters,
    /** For the first `images`. */
    async run(targets: Float32Array, images = n): Promise<{ loss: number; gradients: Float32Array[] }> {
      const loss = await step.run({ features, targets }, everyRow.subarray(0, images));
      const gradients = layersOf(architecture).flatMap(({ outputs, weightOffset, biasOffset }) => [
        optimizer.gradient.slice(weightOffset, biasOffset),
        optimizer.gradient.slice(biasOffset, biasOffset + outputs),
      ]);
      return { loss, gradients };
    },
  };
}

/** Weight and bias of each layer. */
function tfParameters(architecture: Architecture, parameters: Float32Array): tf.Tensor[] {
  return layersOf(architecture).flatMap(({ inputs, outputs, weightOffset, biasOffset }) => [
    tf.tensor2d(parameters.slice(weightOffset, biasOffset), [outputs, inputs]),
    tf.tensor1d(parameters.slice(biasOffset, biasOffset + outputs)),
  ]);
}

/** The masks of a step's first batch. */
function drawMasks({ hidden }: Architecture, n: number): tf.Tensor[] {
  const kernel = new FusionKernel(100_000);
  const dropout = new Dropout(kernel, SEED, RATE);
  return hidden.map((units) => {
    const mask = kernel.float32(units * n);
    dropout.fill(mask);
    return tf.tensor2d(mask.slice(), [units, n]);
  });
}

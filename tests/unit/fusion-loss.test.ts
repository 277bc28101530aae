import * as ort from 'onnxruntime-node';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { initialParameters, layersOf, modelGraph } from '../../src-main/fusion/head.ts';
import { Dropout } from '../../src-main/fusion/dropout.ts';
import { FusionKernel } from '../../src-main/fusion/kernel.ts';
import { hybridLoss, lossInputs } from '../../src-main/fusion/loss.ts';
import { LossBatch } from '../../src-main/fusion/loss-batch.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { gradients } from '../../src-main/graph/gradients.ts';
import { input } from '../../src-main/graph/tensor.ts';
import { compileGraph, relativeDifference } from './graph-run.ts';
import type { Architecture } from '../../src-main/fusion/head.ts';
import type { CompiledGraph, Feeds } from './graph-run.ts';

const STATIC: Architecture = {
  streams: [
    { id: 'a', width: 3 },
    { id: 'b', width: 5 },
    { id: 'c', width: 4 },
  ],
  hidden: [9, 5],
  gate: null,
};
const GATED: Architecture = { ...STATIC, gate: 'b' };
const WIDTH = 12;
const WEIGHTS = { lambdaPlcc: 0.5, lambdaRank: 0.5 };
const DROPOUT = 0.3;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each([
  ['static', STATIC],
  ['gated', GATED],
])('%s model and hybrid loss against TensorFlow.js', (_, architecture) => {
  it.each([2, 7, 128])('loss and all gradients agree for a batch of %i', async (batch) => {
    const { run, feeds, names } = await network(architecture, batch, new Random(batch));
    const actual = await run(feeds);
    const tensors = names.map((name) => tf.tensor(feeds[name]!.values, [...feeds[name]!.shape]));
    const reference = (...parameters: tf.Tensor[]): tf.Scalar =>
      tfLoss(tfModel(architecture, parameters, feeds), feeds['target']!.values);
    const { value, grads } = tf.valueAndGrads(reference)(tensors);
    expect(relativeDifference(actual['loss']!, value.dataSync<'float32'>())).toBeLessThan(1e-4);
    names.forEach((name, i) => {
      const expected = grads[i]!.dataSync<'float32'>();
      expect(relativeDifference(actual[`d_${name}`]!, expected), name).toBeLessThan(1e-4);
    });
  });
});

describe.each([
  ['static', STATIC],
  ['gated', GATED],
])('%s model: loss and all gradients stay finite', (_, architecture) => {
  const equalLabels = (batch: number) => lossFeeds(new Float32Array(batch).fill(0.5));
  /** With weights and bias of 0 the last layer predicts 0 for every image. */
  const equalPredictions = (feeds: Feeds): Feeds => ({
    ...feeds,
    weight2: { ...feeds['weight2']!, values: new Float32Array(feeds['weight2']!.values.length) },
    bias2: { ...feeds['bias2']!, values: new Float32Array(1) },
  });

  it.each([2, 7, 128])('for equal labels, equal predictions and both, in a batch of %i', async (batch) => {
    const { run, feeds, names } = await network(architecture, batch, new Random(batch));
    const constant = { ...feeds, ...equalLabels(batch) };
    for (const degenerate of [constant, equalPredictions(feeds), equalPredictions(constant)]) {
      const result = await run(degenerate);
      for (const [name, values] of Object.entries(result))
        expect(values.every(Number.isFinite), name).toBe(true);
      expect(names.some((name) => result[`d_${name}`]!.some((slope) => slope !== 0))).toBe(true);
    }
  });
});

it('gradients of the gates are what finite differences of the whole loss say', async () => {
  const { run, feeds } = await network(GATED, 7, new Random(3));
  const slopes = (await run(feeds))['d_weight4']!;
  const weights = feeds['weight4']!.values;
  const step = 1e-2;
  const lossWith = async (i: number, moved: number): Promise<number> => {
    const values = weights.map((w, j) => (j === i ? w + moved : w));
    return (await run({ ...feeds, weight4: { ...feeds['weight4']!, values } }))['loss']![0]!;
  };
  const differences = new Float32Array(weights.length);
  for (let i = 0; i < weights.length; i += 7)
    differences[i] = ((await lossWith(i, step)) - (await lossWith(i, -step))) / (2 * step);
  const checked = slopes.map((slope, i) => (i % 7 === 0 ? slope : 0));
  // Central differences of a float32 loss: truncation and rounding are near 1e-4 of the largest slope here.
  expect(relativeDifference(checked, differences)).toBeLessThan(5e-3);
});

describe('hybrid loss of given predictions', () => {
  it.each([2, 7, 128])(
    'equals equations 13 to 16 written out, and finite differences, for a batch of %i',
    async (batch) => {
      const random = new Random(batch + 1);
      const targets = Float32Array.from({ length: batch }, () => Math.round(40 * random.uniform()) / 10);
      targets[1] = targets[0]! + 1;
      const predictions = Float32Array.from({ length: batch }, () => 4 * random.uniform());
      const { loss, gradient } = await lossOf(predictions, targets);
      expect(loss).toBeCloseTo(lossByHand(predictions, targets), 4);
      const differences = predictions.map((_, i) => {
        const moved = (step: number): number =>
          lossByHand(
            Float64Array.from(predictions, (p, j) => (j === i ? p + step : p)),
            targets,
          );
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      });
      expect(relativeDifference(gradient, differences)).toBeLessThan(1e-4);
    },
  );

  it.each([2, 7, 128])(
    'stays finite for equal labels: only the squared error flows back (batch of %i)',
    async (batch) => {
      const predictions = Float32Array.from({ length: batch }, (_, i) => i / batch);
      const targets = new Float32Array(batch).fill(0.5);
      const { loss, gradient } = await lossOf(predictions, targets);
      const squares = predictions.reduce((total, p) => total + (p - 0.5) ** 2, 0) / batch;
      expect(loss).toBeCloseTo(squares + WEIGHTS.lambdaPlcc, 5);
      expect(
        relativeDifference(
          gradient,
          predictions.map((p) => (2 * (p - 0.5)) / batch),
        ),
      ).toBeLessThan(1e-5);
    },
  );

  it.each([2, 7, 128])('stays finite for equal predictions (batch of %i)', async (batch) => {
    const targets = Float32Array.from({ length: batch }, (_, i) => i);
    const { loss, gradient } = await lossOf(new Float32Array(batch).fill(0.25), targets);
    expect(loss).toBeCloseTo(lossByHand(new Float32Array(batch).fill(0.25), targets), 1);
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient.some((g) => g !== 0)).toBe(true);
  });

  it('stays finite for predictions that are far apart', async () => {
    const targets = Float32Array.of(0, 1, 2, 3);
    const predictions = Float32Array.of(300, -20, 20, -300);
    const { loss, gradient } = await lossOf(predictions, targets);
    expect(loss / lossByHand(predictions, targets)).toBeCloseTo(1, 6);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it('does not rank pairs whose labels differ by 1e-3 or less', async () => {
    const targets = Float32Array.of(0, 0.0009, 0.5);
    const predictions = Float32Array.of(0.2, 0.9, 0.4);
    expect((await lossOf(predictions, targets)).loss).toBeCloseTo(lossByHand(predictions, targets), 5);
  });
});

/** A model with dropout masks on random data, compiled with the gradients of its parameters. */
async function network(
  architecture: Architecture,
  batch: number,
  random: Random,
): Promise<{ run: CompiledGraph; feeds: Feeds; names: string[] }> {
  const layers = layersOf(architecture);
  const parameters = initialParameters(architecture, random);
  const uniform = (length: number): Float32Array =>
    Float32Array.from({ length }, () => 2 * random.uniform() - 1);
  const feeds: Feeds = {
    features: { values: uniform(batch * WIDTH), shape: [batch, WIDTH] },
    ...lossFeeds(uniform(batch)),
  };
  const tensors = layers.map(({ inputs, outputs, weightOffset, biasOffset }, i) => {
    feeds[`weight${i}`] = { values: parameters.subarray(weightOffset, biasOffset), shape: [outputs, inputs] };
    const bias = parameters.subarray(biasOffset, biasOffset + outputs);
    feeds[`bias${i}`] = { values: bias, shape: [outputs, 1] };
    return { weight: input(`weight${i}`, [outputs, inputs]), bias: input(`bias${i}`, [outputs, 1]) };
  });
  const kernel = new FusionKernel(100_000);
  const dropout = new Dropout(kernel, random.bits(), DROPOUT, 0.5);
  const masks = architecture.hidden.map((width, i) => {
    const values = kernel.float32(batch * width);
    dropout.fill(values);
    feeds[`mask${i}`] = { values, shape: [width, batch] };
    return input(`mask${i}`, [width, 'batch']);
  });
  const { prediction } = modelGraph(architecture, input('features', ['batch', WIDTH]), tensors, masks);
  const { loss, slope } = hybridLoss(prediction, lossInputs(), WEIGHTS);
  const variables = tensors.flatMap(({ weight, bias }) => [weight, bias]);
  const names = tensors.flatMap((_, i) => [`weight${i}`, `bias${i}`]);
  const slopes = gradients(prediction, slope, variables).map((d, i) => [`d_${names[i]}`, d] as const);
  return { run: await compileGraph({ loss, ...Object.fromEntries(slopes) }), feeds, names };
}

function tfModel(architecture: Architecture, parameters: tf.Tensor[], feeds: Feeds): tf.Tensor {
  const tensor = (name: string): tf.Tensor => tf.tensor(feeds[name]!.values, [...feeds[name]!.shape]);
  const layer = (x: tf.Tensor, i: number): tf.Tensor =>
    tf.add(
      tf.matMul(x as tf.Tensor2D, parameters[2 * i] as tf.Tensor2D, false, true),
      tf.reshape(parameters[2 * i + 1]!, [-1]),
    );
  let value = tensor('features');
  if (architecture.gate !== null) {
    const z = tf.slice(value, [0, 3], [-1, 5]);
    const gates = tf.mul(2, tf.sigmoid(layer(tfGelu(layer(z, 3)), 4)));
    const parts = tf
      .split(value, [3, 5, 4], 1)
      .map((part, s) => tf.mul(part, tf.slice(gates, [0, s], [-1, 1])));
    value = tf.concat(parts, 1);
  }
  for (let i = 0; i < 3; i++) {
    value = layer(value, i);
    if (i < 2) value = tf.mul(tf.mul(2, tfGelu(value)), tf.transpose(tensor(`mask${i}`)));
  }
  return tf.squeeze(value, [1]);
}

function tfGelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

/** Equations 13 to 16 in TensorFlow.js; the pairs come from plain arrays. */
function tfLoss(prediction: tf.Tensor, targets: Float32Array): tf.Scalar {
  const target = tf.tensor1d(targets);
  const u = tf.sub(prediction, tf.mean(prediction));
  const v = tf.sub(target, tf.mean(target));
  const spread = tf.sqrt(tf.mul(tf.sum(tf.mul(u, u)), tf.sum(tf.mul(v, v))));
  const plcc = tf.div(tf.sum(tf.mul(u, v)), tf.add(spread, 1e-8));
  const signs = pairSigns(targets);
  const signTensor = tf.tensor2d(signs, [targets.length, targets.length]);
  const difference = tf.sub(tf.expandDims(prediction, 1), tf.expandDims(prediction, 0));
  const softplus = tf.mul(tf.softplus(tf.neg(tf.mul(signTensor, difference))), tf.abs(signTensor));
  const rank = tf.div(tf.sum(softplus), signs.filter((s) => s !== 0).length);
  const squaredError = tf.mean(tf.square(tf.sub(prediction, target)));
  return tf.addN([squaredError, tf.mul(tf.sub(1, plcc), 0.5), tf.mul(rank, 0.5)]) as tf.Scalar;
}

/** sgn(y_i - y_j) where the pair counts, else 0. */
function pairSigns(targets: Float32Array): Float32Array {
  const n = targets.length;
  return Float32Array.from({ length: n * n }, (_, k) => {
    const difference = targets[Math.floor(k / n)]! - targets[k % n]!;
    return Math.abs(difference) > 1e-3 ? Math.sign(difference) : 0;
  });
}

async function lossOf(
  predictions: Float32Array,
  targets: Float32Array,
): Promise<{ loss: number; gradient: Float32Array }> {
  const { loss, slope } = hybridLoss(input('prediction', ['batch', 1]), lossInputs(), WEIGHTS);
  const run = await compileGraph({ loss, slope });
  const shape = [predictions.length, 1];
  const result = await run({ prediction: { values: predictions, shape }, ...lossFeeds(targets) });
  return { loss: result['loss']![0]!, gradient: result['slope']! };
}

/** The inputs of the loss for given targets, as training computes them. */
function lossFeeds(targets: Float32Array): Feeds {
  const batch = new LossBatch(ort, new FusionKernel(LossBatch.bytes(targets.length)), targets.length);
  batch.targets.set(targets);
  batch.fill(targets.length);
  const feeds = Object.entries(batch.tensors(targets.length)).map(
    ([name, { data, dims }]) => [name, { values: data as Float32Array, shape: dims }] as const,
  );
  return Object.fromEntries(feeds);
}

/** Equations 13 to 16, one number at a time. */
function lossByHand(p: Float32Array | Float64Array, y: Float32Array): number {
  const n = p.length;
  const mean = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0) / n;
  const [meanP, meanY] = [mean(p), mean(y)];
  let [squares, uu, vv, uv, rank, pairs] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [u, v] = [p[i]! - meanP, y[i]! - meanY];
    squares += (p[i]! - y[i]!) ** 2 / n;
    uu += u * u;
    vv += v * v;
    uv += u * v;
    for (let j = 0; j < n; j++) {
      const difference = y[i]! - y[j]!;
      if (Math.abs(difference) <= 1e-3) continue;
      rank += Math.log1p(Math.exp(-Math.sign(difference) * (p[i]! - p[j]!)));
      pairs++;
    }
  }
  const correlation = uu > 1e-12 && vv > 1e-12 ? 1 - uv / (Math.sqrt(uu * vv) + 1e-8) : 1;
  return squares + 0.5 * correlation + 0.5 * (pairs === 0 ? 0 : rank / pairs);
}

import * as ort from 'onnxruntime-node';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { HiddenLayers, type TrainedLayer } from '../../src-main/fusion/hidden-layers.ts';
import { FusionKernel } from '../../src-main/fusion/kernel.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { TrainingGates } from '../../src-main/fusion/training-gates.ts';
import { relativeDifference } from './graph-run.ts';
import { tfGates, tfGelu, tfLinear } from './tf-fusion.ts';

const TOLERANCE = 1e-4;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('GELU with dropout', () => {
  it('is x Phi(x) and its slope to single precision, from -40 to 40', () => {
    const n = 160_003;
    const kernel = new FusionKernel(12 * n);
    const [x, mask, h] = [kernel.float32(n), kernel.float32(n), kernel.float32(n)] as const;
    const values = Float32Array.from({ length: n }, (_, i) => (i - (n - 1) / 2) / 2000);
    x.set(values);
    mask.fill(1);
    kernel.run.gelu(x.byteOffset, mask.byteOffset, h.byteOffset, n);
    let [worstValue, worstSlope] = [0, 0];
    values.forEach((v, i) => {
      const phi = 0.5 * erfc(-v * Math.SQRT1_2);
      const slope = phi + (v * Math.exp((-v * v) / 2)) / Math.sqrt(2 * Math.PI);
      worstValue = Math.max(worstValue, Math.abs(h[i]! - v * phi) / Math.max(1, Math.abs(v)));
      worstSlope = Math.max(worstSlope, Math.abs(x[i]! - slope));
    });
    expect(worstValue).toBeLessThan(2.5e-7);
    expect(worstSlope).toBeLessThan(4e-7);
  });

  it('is 0 with slope 0 where a unit is left out, times the gain elsewhere, and finite at any size', () => {
    const kernel = new FusionKernel(1000);
    const [x, mask, h] = [kernel.float32(6), kernel.float32(6), kernel.float32(6)] as const;
    x.set([-2, 3, 1e30, -1e30, 0, 2]);
    mask.set([0, 2, 1, 1, 1, 0]);
    kernel.run.gelu(x.byteOffset, mask.byteOffset, h.byteOffset, 6);
    const values = [0, 2 * 3 * 0.9986501019683699, 1e30, 0, 0, 0];
    values.forEach((v, i) => expect(h[i]! / (v || 1), `value ${i}`).toBeCloseTo(v === 0 ? 0 : 1, 6));
    const slopes = [0, 2.0239, 1, 0, 0.5, 0];
    slopes.forEach((v, i) => expect(x[i], `slope ${i}`).toBeCloseTo(v, 4));
  });
});

describe('hidden layers against TensorFlow.js', () => {
  it.each([
    [1, [5], true],
    [7, [5], false],
    [7, [9, 5], true],
    [128, [9, 6, 4], true],
  ])('%i images, widths %j: output and all gradients', async (n, widths, withSlope) => {
    const random = new Random(n);
    const inputs = 6;
    const kernel = new FusionKernel(1_000_000);
    const values = fill(kernel.float32(n * inputs), random);
    const slope = withSlope ? kernel.float32(n * inputs) : null;
    const layers = makeLayers(kernel, [inputs, ...widths], random);
    const parts = { kernel, layers, batch: n, input: { values, slope }, threads: 1 };
    const hidden = await HiddenLayers.create(ort, parts);
    for (const mask of hidden.masks) mask.forEach((_, i) => (mask[i] = random.uniform() < 0.3 ? 0 : 1 / 0.7));
    await hidden.forward(n);
    fill(hidden.slope, random);
    await hidden.backward(n);
    await hidden.dispose();

    const masks = hidden.masks.map((mask, l) => tf.tensor2d(mask.slice(), [widths[l]!, n]));
    const above = tf.transpose(tf.tensor2d(hidden.slope.slice(), [widths.at(-1)!, n]));
    const reference = (x: tf.Tensor, ...parameters: tf.Tensor[]): tf.Tensor =>
      masks.reduce<tf.Tensor>((value, mask, l) => {
        const y = tfLinear(value, parameters[2 * l]!, parameters[2 * l + 1]!);
        return tf.mul(tfGelu(y), tf.transpose(mask));
      }, x);
    const operands = [tf.tensor2d(values.slice(), [n, inputs]), ...tensorsOf(layers)];
    const output = tf.transpose(reference(...(operands as [tf.Tensor])));
    expect(relativeDifference(hidden.output, output.dataSync<'float32'>())).toBeLessThan(TOLERANCE);
    const expected = tf
      .grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(reference(...(xs as [tf.Tensor])), above)))(operands)
      .map((gradient) => gradient.dataSync<'float32'>());
    const gradients = layers.flatMap(({ gradient }) => [gradient.weight, gradient.bias]);
    gradients.forEach((gradient, i) =>
      expect(relativeDifference(gradient, expected[i + 1]!), `gradient ${i}`).toBeLessThan(TOLERANCE),
    );
    if (slope !== null) expect(relativeDifference(slope, expected[0]!)).toBeLessThan(TOLERANCE);
  });
});

describe('a layer with few outputs against TensorFlow.js', () => {
  it.each([
    [1, 1],
    [7, 1],
    [7, 3],
    [128, 4],
  ])('%i images, %i outputs: values and all gradients', (n, outputs) => {
    const inputs = 5;
    const random = new Random(n * outputs);
    const kernel = new FusionKernel(100_000);
    const [layer] = makeLayers(kernel, [inputs, outputs], random) as [TrainedLayer];
    const { parameters, gradient } = layer;
    const [h, dh] = [fill(kernel.float32(inputs * n), random), kernel.float32(inputs * n).fill(9)];
    const [y, dy] = [kernel.float32(outputs * n), fill(kernel.float32(outputs * n), random)];
    const at = (values: Float32Array): number => values.byteOffset;
    const { run } = kernel;
    run.narrowForward(at(parameters.weight), at(parameters.bias), at(h), outputs, inputs, n, at(y));
    const [dw, db] = [at(gradient.weight), at(gradient.bias)];
    run.narrowBackward(at(parameters.weight), at(dy), at(h), outputs, inputs, n, dw, db, at(dh));

    const operands = [tf.tensor2d(h.slice(), [inputs, n]), ...tensorsOf([layer])];
    const reference = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.transpose(tfLinear(tf.transpose(x), w, b));
    const given = reference(...(operands as [tf.Tensor, tf.Tensor, tf.Tensor]));
    expect(relativeDifference(y, given.dataSync<'float32'>())).toBeLessThan(TOLERANCE);
    const above = tf.tensor2d(dy.slice(), [outputs, n]);
    const expected = tf.grads((x, w, b) => tf.sum(tf.mul(reference(x!, w!, b!), above)))(operands);
    [dh, gradient.weight, gradient.bias].forEach((actual, i) =>
      expect(relativeDifference(actual, expected[i]!.dataSync<'float32'>()), `${i}`).toBeLessThan(TOLERANCE),
    );
  });
});

describe('gates against TensorFlow.js', () => {
  it.each([1, 7, 128])('%i images: gated features and all gradients', async (n) => {
    const widths = [3, 6, 4];
    const [source, width] = [{ start: 3, width: 6 }, 13];
    const random = new Random(n);
    const kernel = new FusionKernel(1_000_000);
    const features = fill(kernel.float32(n * width), random);
    const layers = makeLayers(kernel, [6, 5, 3], random) as [TrainedLayer, TrainedLayer];
    const gates = await TrainingGates.create(ort, {
      kernel,
      features,
      widths,
      source,
      layers,
      batch: n,
      threads: 1,
    });
    await gates.forward(n);
    fill(gates.slope, random);
    await gates.backward(n);
    await gates.dispose();

    const x = tf.tensor2d(features.slice(), [n, width]);
    const above = tf.tensor2d(gates.slope.slice(), [n, width]);
    const reference = (...parameters: tf.Tensor[]): tf.Tensor => {
      const factors = tfGates(tf.slice(x, [0, 3], [-1, 6]), parameters);
      const parts = tf.split(x, widths, 1);
      const gated = parts.map((part, s) => tf.mul(part, tf.slice(factors, [0, s], [-1, 1])));
      return tf.concat(gated, 1);
    };
    const operands = tensorsOf(layers);
    const output = reference(...operands).dataSync<'float32'>();
    expect(relativeDifference(gates.gated, output)).toBeLessThan(TOLERANCE);
    const expected = tf.grads((...ps: tf.Tensor[]) => tf.sum(tf.mul(reference(...ps), above)))(operands);
    layers
      .flatMap(({ gradient }) => [gradient.weight, gradient.bias])
      .forEach((gradient, i) =>
        expect(relativeDifference(gradient, expected[i]!.dataSync<'float32'>()), `${i}`).toBeLessThan(
          TOLERANCE,
        ),
      );
  });
});

/** Layers of these widths, from inputs to outputs, with random parameters in the kernel's memory. */
function makeLayers(kernel: FusionKernel, widths: readonly number[], random: Random): TrainedLayer[] {
  return widths.slice(1).map((outputs, l) => {
    const inputs = widths[l]!;
    const take = () => ({ weight: kernel.float32(outputs * inputs), bias: kernel.float32(outputs) });
    const [parameters, gradient] = [take(), take()];
    fill(parameters.weight, random);
    fill(parameters.bias, random);
    return { layer: { inputs, outputs, weightOffset: 0, biasOffset: 0 }, parameters, gradient };
  });
}

function tensorsOf(layers: readonly TrainedLayer[]): tf.Tensor[] {
  return layers.flatMap(({ layer: { inputs, outputs }, parameters }) => [
    tf.tensor2d(parameters.weight.slice(), [outputs, inputs]),
    tf.tensor1d(parameters.bias.slice()),
  ]);
}

function fill(values: Float32Array, random: Random): Float32Array {
  return values.map((_, i) => (values[i] = 2 * random.uniform() - 1)) && values;
}

/** The complementary error function in double precision: a series near 0, a continued fraction elsewhere. */
function erfc(x: number): number {
  const t = Math.abs(x);
  let tail: number;
  if (t < 3) {
    let [term, sum] = [t, t];
    for (let n = 1; n < 100; n++) {
      term *= (-t * t) / n;
      sum += term / (2 * n + 1);
    }
    tail = 1 - (2 / Math.sqrt(Math.PI)) * sum;
  } else {
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (t + fraction);
    tail = Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction);
  }
  return x < 0 ? 2 - tail : tail;
}

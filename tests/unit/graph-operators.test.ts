import * as ort from 'onnxruntime-node';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src-main/fusion/random.ts';
import { gradients } from '../../src-main/graph/gradients.ts';
import * as op from '../../src-main/graph/operators.ts';
import { writeOnnx } from '../../src-main/graph/onnx-writer.ts';
import { createSession, doubleTensor } from '../../src-main/graph/runtime.ts';
import { constant, input } from '../../src-main/graph/tensor.ts';
import { compileGraph, relativeDifference } from './graph-run.ts';
import type { Tensor } from '../../src-main/graph/tensor.ts';
import type { CompiledGraph, Feeds } from './graph-run.ts';

const TOLERANCE = 1e-4;
/** Central differences of a float32 sum: truncation h^2 and rounding 1e-7 / h are both near 1e-4 here. */
const STEP = 1e-2;
const DIFFERENCE_TOLERANCE = 2e-3;

type Values = 'any' | 'positive' | 'away from zero';
type Case = {
  name: string;
  /** Run-time lengths of each operand; the first axis of operands of rank 2 may be declared open. */
  shapes: number[][];
  values?: Values;
  ours: (...operands: Tensor[]) => Tensor;
  theirs: (...operands: tf.Tensor[]) => tf.Tensor;
};

const m23 = [2, 3];
const cases: Case[] = [
  { name: 'add', shapes: [m23, m23], ours: op.add, theirs: tf.add },
  { name: 'add of a row', shapes: [m23, [3]], ours: op.add, theirs: tf.add },
  { name: 'add of a column', shapes: [[2, 1], m23], ours: op.add, theirs: tf.add },
  {
    name: 'sub of column and row',
    shapes: [
      [4, 1],
      [1, 3],
    ],
    ours: op.sub,
    theirs: tf.sub,
  },
  { name: 'mul', shapes: [m23, m23], ours: op.mul, theirs: tf.mul },
  { name: 'mul by a column', shapes: [m23, [2, 1]], ours: op.mul, theirs: tf.mul },
  { name: 'div', shapes: [m23, m23], values: 'positive', ours: op.div, theirs: tf.div },
  { name: 'div by a single value', shapes: [m23, [1, 1]], values: 'positive', ours: op.div, theirs: tf.div },
  { name: 'negate', shapes: [m23], ours: op.negate, theirs: tf.neg },
  { name: 'scale', shapes: [m23], ours: (x) => op.scale(x, -2.5), theirs: (x) => tf.mul(x, -2.5) },
  { name: 'abs', shapes: [m23], values: 'away from zero', ours: op.abs, theirs: tf.abs },
  { name: 'sqrt', shapes: [m23], values: 'positive', ours: op.sqrt, theirs: tf.sqrt },
  { name: 'exp', shapes: [m23], ours: op.exp, theirs: tf.exp },
  { name: 'erf', shapes: [m23], ours: op.erf, theirs: tf.erf },
  { name: 'sigmoid', shapes: [m23], ours: op.sigmoid, theirs: tf.sigmoid },
  { name: 'log', shapes: [m23], values: 'positive', ours: op.log, theirs: tf.log },
  { name: 'relu', shapes: [m23], values: 'away from zero', ours: op.relu, theirs: tf.relu },
  { name: 'gelu', shapes: [[5, 7]], ours: op.gelu, theirs: tfGelu },
  {
    name: 'x * sign(x)',
    shapes: [m23],
    values: 'away from zero',
    ours: (x) => op.mul(x, op.sign(x)),
    theirs: (x) => tf.mul(x, tf.sign(x)),
  },
  {
    name: 'masked gelu',
    shapes: [[5, 7]],
    ours: (x) => op.maskedGelu(x, constant(Float32Array.of(0, 0.7, 0.5, 0.7, 0, 1, 2), [7])),
    theirs: (x) => tf.mul(tf.mul(2, tfGelu(x)), tf.tensor([0, 0.7, 0.5, 0.7, 0, 1, 2])),
  },
  {
    name: 'product masked by greater',
    shapes: [m23, [3]],
    values: 'away from zero',
    ours: (a, b) => op.mul(op.mul(a, b), op.greater(a, constant(0))),
    theirs: (a, b) => tf.mul(tf.mul(a!, b!), tfPositive(a!)),
  },
  ...[false, true].flatMap((a) =>
    [false, true].map((b) => ({
      name: `matmul${a ? ' transposed' : ''} with${b ? ' transposed' : ''}`,
      shapes: [a ? [4, 2] : [2, 4], b ? [3, 4] : [4, 3]],
      ours: (x: Tensor, y: Tensor) => op.matmul(x, y, { a, b }),
      theirs: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, a, b),
    })),
  ),
  {
    name: 'linear',
    shapes: [
      [2, 3],
      [3, 4],
      [2, 1],
    ],
    ours: (w, x, b) => op.linear(w, x, b),
    theirs: (w, x, b) => tf.add(tf.matMul(w!, x!), b!),
  },
  {
    name: 'linear of rows',
    shapes: [
      [2, 3],
      [4, 3],
      [2, 1],
    ],
    ours: (w, x, b) => op.linear(w, x, b, { rows: true }),
    theirs: (w, x, b) => tf.add(tf.matMul(w!, x!, false, true), b!),
  },
  { name: 'transpose', shapes: [m23], ours: op.transpose, theirs: (x) => tf.transpose(x) },
  {
    name: 'squeeze of the first axis',
    shapes: [[1, 4]],
    ours: (x) => op.squeeze(x, 0),
    theirs: (x) => tf.squeeze(x, [0]),
  },
  {
    name: 'squeeze of the last axis',
    shapes: [[2, 3, 1]],
    ours: (x) => op.squeeze(x, 2),
    theirs: (x) => tf.squeeze(x, [2]),
  },
  ...[0, 1, 2].map((axis) => ({
    name: `unsqueeze at axis ${axis}`,
    shapes: [m23],
    ours: (x: Tensor) => op.unsqueeze(x, axis),
    theirs: (x: tf.Tensor) => tf.expandDims(x, axis),
  })),
  {
    name: 'sum to a row and to a column',
    shapes: [[3, 4]],
    ours: (x) => op.add(op.sumTo(x, [4]), op.sumTo(x, [3, 1])),
    theirs: (x) => tf.add(tf.sum(x, 0), tf.sum(x, 1, true)),
  },
  { name: 'sum over rows', shapes: [m23], ours: (x) => op.sum(x, [0]), theirs: (x) => tf.sum(x, 0, true) },
  {
    name: 'sum over all',
    shapes: [m23],
    ours: (x) => op.sum(x, [0, 1]),
    theirs: (x) => tf.sum(x, [0, 1], true),
  },
  {
    name: 'sum of squares',
    shapes: [m23],
    ours: op.sumOfSquares,
    theirs: (x) => tf.sum(tf.square(x), [0, 1], true),
  },
  {
    name: 'concat',
    shapes: [m23, [2, 4], [2, 1]],
    ours: (...parts) => op.concat(parts, 1),
    theirs: (...parts) => tf.concat(parts, 1),
  },
  {
    name: 'slice',
    shapes: [[2, 5]],
    ours: (x) => op.slice(x, 1, 1, 3),
    theirs: (x) => tf.slice(x as tf.Tensor2D, [0, 1], [2, 2]),
  },
];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Nothing flows back through these; those of them with a value alone are tested below. */
const WITHOUT_GRADIENT = ['addGram', 'max', 'min'];

it('every operator of the module is in a case', () => {
  const used = cases.map(({ ours }) => ours.toString()).join('\n');
  const direct = new Set(cases.map(({ ours }) => ours.name));
  const missing = Object.keys(op).filter(
    (name) => !direct.has(name) && !new RegExp(`\\b${name}\\b`).test(used),
  );
  expect(missing.sort()).toEqual(WITHOUT_GRADIENT);
});

describe('operators agree with TensorFlow.js and finite differences', () => {
  it.each(cases)('$name', async ({ shapes, values, ours, theirs }) => {
    const random = new Random(11);
    const feeds = randomFeeds(shapes, values ?? 'any', random);
    const operands = shapes.map((shape, i) => input(`x${i}`, shape));
    const output = ours(...operands);
    const weights = randomValues(sizeOf(output.shape as number[]), 'any', random);
    const loss = weightedSum(output, weights);
    const slopes = Object.fromEntries(slopesOf(loss, operands).map((g, i) => [`g${i}`, g]));
    const run = await compileGraph({ output, loss, ...slopes });
    const actual = await run(feeds);

    const tensors = shapes.map((shape, i) => tf.tensor(feeds[`x${i}`]!.values, shape));
    const reference = theirs(...tensors);
    expect(output.shape).toEqual(reference.shape);
    expect(relativeDifference(actual['output']!, reference.dataSync<'float32'>())).toBeLessThan(TOLERANCE);
    const flow = tf.grads((...xs: tf.Tensor[]) =>
      tf.sum(tf.mul(theirs(...xs), tf.tensor(weights, reference.shape))),
    );
    const expected = flow(tensors);
    for (const i of shapes.keys()) {
      const gradient = actual[`g${i}`]!;
      expect(relativeDifference(gradient, expected[i]!.dataSync<'float32'>()), `gradient ${i}`).toBeLessThan(
        TOLERANCE,
      );
      const differences = await finiteDifferences(run, feeds, `x${i}`);
      expect(relativeDifference(gradient, differences), `difference ${i}`).toBeLessThan(DIFFERENCE_TOLERANCE);
    }
  });
});

describe('the graph', () => {
  it('differentiates gradients again', async () => {
    const x = input('x', [3, 4]);
    const w = input('w', [4]);
    const row = op.sumTo(op.mul(x, w), [4]);
    const value = op.mul(
      op.scale(op.sum(op.mul(x, x), [0]), 1 / 3),
      op.slice(op.concat([op.sigmoid(x), x], 1), 1, 2, 6),
    );
    const first = slopesOf(op.sum(op.add(op.mul(value, value), op.mul(row, row)), [0, 1]), [x, w]);
    const again = op.add(squares(first[0]!), op.sumTo(op.mul(first[1]!, first[1]!), [1]));
    const loss = op.sum(again, [0, 1]);
    const [second] = slopesOf(loss, [x]);
    const run = await compileGraph({ loss, second: second! });
    const feeds = randomFeeds([[3, 4]], 'any', new Random(3));
    const all = { x: feeds['x0']!, w: { values: Float32Array.of(0.3, -0.2, 0.5, 0.1), shape: [4] } };
    const differences = await finiteDifferences(run, all, 'x');
    expect(relativeDifference((await run(all))['second']!, differences)).toBeLessThan(1e-2);
  });

  it('takes any batch size where an axis is open', async () => {
    const x = input('x', ['batch', 3]);
    const loss = op.sum(op.sum(op.mul(x, x), [0]), [1]);
    const [slope] = slopesOf(loss, [x]);
    const run = await compileGraph({ slope: slope! });
    for (const batch of [1, 2, 5]) {
      const values = Float32Array.from({ length: batch * 3 }, (_, i) => i + 1);
      const { slope: actual } = await run({ x: { values, shape: [batch, 3] } });
      expect(
        relativeDifference(
          actual!,
          values.map((v) => 2 * v),
        ),
      ).toBeLessThan(1e-6);
    }
  });

  it('adds up the gradients of a value that is used twice', async () => {
    const x = input('x', [1, 1]);
    const [slope] = slopesOf(op.add(op.mul(x, x), op.scale(x, 3)), [x]);
    const run = await compileGraph({ slope: slope! });
    const result = await run({ x: { values: Float32Array.of(5), shape: [1, 1] } });
    expect(result['slope']).toEqual(Float32Array.of(13));
  });

  it('takes the larger and the smaller of two', async () => {
    const [a, b] = [input('a', [2, 2]), input('b', [2])];
    const run = await compileGraph({ larger: op.max(a, b), smaller: op.min(a, b) });
    const result = await run({
      a: { values: Float32Array.of(1, -2, 3, 4), shape: [2, 2] },
      b: { values: Float32Array.of(2, -3), shape: [2] },
    });
    expect(result).toEqual({ larger: Float32Array.of(2, -2, 3, 4), smaller: Float32Array.of(1, -3, 2, -3) });
  });

  it('adds a Gram matrix in double precision', async () => {
    const block = input('a', [3, 2], 'float64');
    const sum = op.addGram(input('total', [2, 2], 'float64'), block, block);
    const session = await createSession(ort, writeOnnx({ sum }), 1);
    const a = doubleTensor(ort, Float64Array.of(1, 2, 3, 4, 5, 1e-12), [3, 2]);
    const total = doubleTensor(ort, Float64Array.of(1, 0, 0, 1), [2, 2]);
    const result = await session.run({ a, total });
    const values = result['sum']!.data as unknown as Float64Array;
    [36, 14 + 5e-12, 14 + 5e-12, 21].forEach((v, i) => expect(Math.abs(values[i]! - v)).toBeLessThan(1e-14));
    await session.release();
  });

  it('refuses shapes that do not fit', () => {
    const x = input('x', [2, 3]);
    expect(() => op.add(x, input('y', [2, 2]))).toThrow('do not broadcast');
    expect(() => op.matmul(x, x)).toThrow('matmul of [2, 3] and [2, 3]');
    expect(() => op.linear(input('w', [2, 3]), x, input('b', [3, 1]))).toThrow('linear of');
    expect(() => op.slice(x, 1, 2, 4)).toThrow('slice 2..4 of 3');
    expect(() => op.squeeze(x, 0)).toThrow('axis 0 of [2, 3] is not 1 long');
    expect(() => constant(new Float32Array(3), [2])).toThrow('constant of 3 values');
    expect(() => gradients(x, constant(1, []), [x])).toThrow('a slope [] of an output [2, 3]');
    expect(() => slopesOf(op.sum(x, [0, 1]), [input('z', [1])])).toThrow('does not depend');
  });
});

/** Gradients of a single value. */
function slopesOf(loss: Tensor, variables: Tensor[]): Tensor[] {
  const one = constant(Float32Array.of(1), loss.shape as number[]);
  return gradients(loss, one, variables);
}

function tfGelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

/** 1 where x > 0, off the tape: TensorFlow.js has no gradient rule for Greater, not even a zero one. */
function tfPositive(x: tf.Tensor): tf.Tensor {
  return tf.tensor(
    Array.from(x.dataSync(), (v) => (v > 0 ? 1 : 0)),
    x.shape,
  );
}

function squares(x: Tensor): Tensor {
  return op.sum(op.mul(x, x), [0, 1]);
}

function weightedSum(x: Tensor, weights: Float32Array): Tensor {
  const weighted = op.mul(x, constant(weights, x.shape as number[]));
  return op.sum(weighted, [...x.shape.keys()]);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function randomFeeds(shapes: readonly number[][], values: Values, random: Random): Feeds {
  return Object.fromEntries(
    shapes.map((shape, i) => [`x${i}`, { values: randomValues(sizeOf(shape), values, random), shape }]),
  );
}

function randomValues(size: number, values: Values, random: Random): Float32Array {
  return Float32Array.from({ length: size }, () => {
    const signed = 4 * random.uniform() - 2;
    if (values === 'any') return signed;
    const magnitude = 0.5 + Math.abs(signed) / 2;
    return values === 'positive' ? magnitude : Math.sign(signed) * magnitude;
  });
}

async function finiteDifferences(run: CompiledGraph, feeds: Feeds, name: string): Promise<Float32Array> {
  const { values, shape } = feeds[name]!;
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const moved = async (step: number): Promise<number> => {
      const copy = Float32Array.from(values, (v, j) => (j === i ? v + step : v));
      return (await run({ ...feeds, [name]: { values: copy, shape } }))['loss']![0]!;
    };
    result[i] = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
  }
  return result;
}

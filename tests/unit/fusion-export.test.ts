import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { averageHeads } from '../../src-main/fusion/average-heads.ts';
import { exportModel, type ExportedModel } from '../../src-main/fusion/export-model.ts';
import { layersOf } from '../../src-main/fusion/head.ts';
import { predictHead } from '../../src-main/fusion/predict.ts';
import type { StreamFeatures } from '../../src-main/fusion/preprocess.ts';
import { architectureOf, type TrainedHead } from '../../src-main/fusion/trained-head.ts';
import { writeOnnx } from '../../src-main/graph/onnx-writer.ts';
import { scale } from '../../src-main/graph/operators.ts';
import { createSession, floatTensor } from '../../src-main/graph/runtime.ts';
import { input } from '../../src-main/graph/tensor.ts';
import {
  CANONICAL_STREAMS,
  randomFeatures,
  randomHeads,
  type RandomStream,
} from '../fixtures/random-heads.ts';

const SMALL: RandomStream[] = [
  { id: 'nss', dimension: 7, components: null },
  { id: 'siglip', dimension: 20, components: 6 },
];
const TARGET = { mean: 3.2, std: 0.7 };
/** 1e-5 of a scale from 1 to 5. */
const TOLERANCE = 4e-5;

type Output = { score: Float32Array; gates: Float32Array | null; std: Float32Array };

async function run(model: ExportedModel, streams: readonly StreamFeatures[]): Promise<Output> {
  const session = await createSession(ort, model.onnx, 1);
  const feeds = model.inputs.map(({ name, stream, dimension }) => {
    const { data } = streams.find(({ id }) => id === stream)!;
    return [name, floatTensor(ort, data, [data.length / dimension, dimension])] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  expect(outputs['score']!.dims).toEqual([streams[0]!.data.length / streams[0]!.dimension]);
  expect(outputs['score_std']!.dims).toEqual(outputs['score']!.dims);
  return {
    score: outputs['score']!.data as Float32Array,
    gates: (outputs['gates']?.data ?? null) as Float32Array | null,
    std: outputs['score_std']!.data as Float32Array,
  };
}

async function studio(heads: readonly TrainedHead[], streams: readonly StreamFeatures[], n: number) {
  const rows = Int32Array.from({ length: n }, (_, row) => row);
  return averageHeads(await Promise.all(heads.map((head) => predictHead(ort, head, streams, rows))));
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe('the exported model', () => {
  it.each([
    { name: 'static, one head', streams: SMALL, gate: null, heads: 1 },
    { name: 'static, five heads', streams: SMALL, gate: null, heads: 5 },
    { name: 'gated, five heads', streams: SMALL, gate: 'siglip', heads: 5 },
    { name: 'gated by NSS alone', streams: SMALL.slice(0, 1), gate: 'nss', heads: 3 },
    { name: 'canonical, gated', streams: CANONICAL_STREAMS, gate: 'siglip-so400m-384', heads: 2 },
    { name: 'far means', streams: SMALL.map((s) => ({ ...s, mean: 12345 })), gate: 'nss', heads: 3 },
  ])('says what the studio says: $name', async ({ streams, gate, heads: count }) => {
    const hidden = [12, 5];
    const heads = randomHeads({ streams, hidden, gate, heads: count, target: TARGET });
    const model = exportModel(heads, {});
    const features = randomFeatures(streams, 300); // more than a block of the studio's own prediction
    const expected = await studio(heads, features, 300);
    const { score, std, gates } = await run(model, features);
    expect(largestDifference(score, expected.predictions)).toBeLessThan(TOLERANCE / 10);
    expect(largestDifference(std, expected.std)).toBeLessThan(TOLERANCE / 10);
    expect(Math.max(...score) - Math.min(...score)).toBeGreaterThan(0.1);
    if (count === 1) expect([...std].every((value) => value === 0)).toBe(true);
    expect(model.gates).toEqual(gate === null ? null : streams.map((s) => s.id));
    const columns = streams.flatMap((_, s) => expected.gates[streams[s]!.id] ?? []);
    if (gate === null) expect([gates, columns]).toEqual([null, []]);
    else
      streams.forEach(({ id }, s) => {
        const column = Array.from({ length: 300 }, (_, row) => gates![row * streams.length + s]!);
        expect(largestDifference(column, expected.gates[id]!)).toBeLessThan(1e-6);
      });
  });

  it('agrees with an evaluation in double precision, features far from zero included', async () => {
    const streams = SMALL.map((stream, s) => ({ ...stream, mean: [1e5, -3e4][s]! }));
    const heads = randomHeads({
      streams,
      hidden: [12, 5],
      gate: 'siglip',
      heads: 3,
      target: { mean: 55, std: 20 },
    });
    const features = randomFeatures(streams, 20);
    const exact = Float64Array.from({ length: 20 }, (_, row) => {
      const scores = heads.map((head) => exactScore(head, features, row));
      return scores.reduce((sum, score) => sum + score, 0) / heads.length;
    });
    const { score } = await run(exportModel(heads, {}), features);
    expect(largestDifference(score, exact)).toBeLessThan(1e-5 * 100);
    // Without the mean's second part this would be far off: the check can fail.
    const rounded = heads.map((head) => ({
      ...head,
      streams: head.streams.map((t) => ({
        ...t,
        scaler: { ...t.scaler, mean: t.scaler.mean.map((m) => Math.fround(m)) },
      })),
    }));
    expect(largestDifference((await run(exportModel(rounded, {}), features)).score, exact)).toBeGreaterThan(
      5e-3,
    );
  });

  it('takes any number of images, one as well as none', async () => {
    const heads = randomHeads({ streams: SMALL, hidden: [12], gate: 'nss', heads: 2, target: TARGET });
    const model = exportModel(heads, {});
    const all = await run(model, randomFeatures(SMALL, 9));
    const features = randomFeatures(SMALL, 9);
    for (let row = 0; row < 9; row++) {
      const one = features.map((f) => ({
        ...f,
        data: f.data.slice(row * f.dimension, (row + 1) * f.dimension),
      }));
      expect(Math.abs((await run(model, one)).score[0]! - all.score[row]!)).toBeLessThan(1e-6);
    }
    expect((await run(model, randomFeatures(SMALL, 0))).score).toHaveLength(0);
  });

  it('is the same file every time and tells where it comes from', () => {
    const make = () =>
      exportModel(randomHeads({ streams: SMALL, hidden: [4], gate: null, heads: 2, target: TARGET }), {
        run: '7',
        dataset: 'kadid-10k, größer',
      });
    const { onnx } = make();
    expect(Buffer.from(make().onnx).equals(onnx)).toBe(true);
    const file = Buffer.from(onnx);
    for (const text of ['run', '7', 'dataset', 'kadid-10k, größer']) expect(file.includes(text)).toBe(true);
  });

  it('gives a stream named like an output, or like an inner tensor, an input of its own', async () => {
    const streams = [
      { ...SMALL[0]!, id: 'score' },
      { ...SMALL[1]!, id: 't3' },
    ];
    const heads = randomHeads({ streams, hidden: [4], gate: 't3', heads: 2, target: TARGET });
    const model = exportModel(heads, {});
    expect(model.inputs.map((i) => i.name)).toEqual(['score_features', 't3']);
    const features = randomFeatures(streams, 5);
    const expected = await studio(heads, features, 5);
    expect(largestDifference((await run(model, features)).score, expected.predictions)).toBeLessThan(1e-6);
    expect(() => writeOnnx({ x: scale(input('x', [1]), -1) })).toThrow('share names');
  });
});

/** A head's prediction for one row, in double precision from its own numbers (paper, equations 4 to 8). */
function exactScore(head: TrainedHead, streams: readonly StreamFeatures[], row: number): number {
  const parts = head.streams.map(({ scaler, projection }, s) => {
    const { data, dimension } = streams[s]!;
    const z = Array.from(scaler.mean, (mean, d) => (data[row * dimension + d]! - mean) / scaler.scale[d]!);
    if (projection === null) return z;
    const width = projection.variances.length;
    return Array.from({ length: width }, (_, c) =>
      z.reduce((sum, value, d) => sum + value * projection.matrix[d * width + c]!, 0),
    );
  });
  const layers = layersOf(architectureOf(head.streams, head));
  const apply = (x: readonly number[], layer: number): number[] => {
    const { inputs, outputs, weightOffset, biasOffset } = layers[layer]!;
    expect(x.length).toBe(inputs);
    return Array.from({ length: outputs }, (_, o) =>
      x.reduce(
        (sum, value, i) => sum + value * head.parameters[weightOffset + o * inputs + i]!,
        head.parameters[biasOffset + o]!,
      ),
    );
  };
  const depth = head.hidden.length + 1;
  const gated = parts[head.streams.findIndex(({ id }) => id === head.gate)]!;
  const gates = apply(apply(gated, depth).map(exactGelu), depth + 1).map((x) => 2 / (1 + Math.exp(-x)));
  let value = parts.flatMap((part, s) => part.map((x) => x * gates[s]!));
  for (let layer = 0; layer < depth; layer++)
    value = apply(layer === 0 ? value : value.map(exactGelu), layer);
  return value[0]! * head.target.std + head.target.mean;
}

/** x Phi(x), with the error function's Taylor series (all that is needed up to |x| of about 5; beyond, Phi is 0 or 1). */
function exactGelu(x: number): number {
  const t = x / Math.SQRT2;
  if (Math.abs(t) > 4.5) return x > 0 ? x : 0;
  let [term, sum] = [t, t];
  for (let k = 1; k < 120; k++) {
    term *= -(t * t) / k;
    sum += term / (2 * k + 1);
  }
  return 0.5 * x * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}

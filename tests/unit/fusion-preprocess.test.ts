import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { countParameters, initialParameters, layersOf } from '../../src-main/fusion/head.ts';
import { fusedDimension, fuseStreams, prepareStream } from '../../src-main/fusion/preprocess.ts';
import { Random } from '../../src-main/fusion/random.ts';
import { fitScaler } from '../../src-main/fusion/scaler.ts';
import type { StreamTransform } from '../../src-main/fusion/preprocess.ts';

describe('scaler', () => {
  it('gives the mean and scale of scikit-learn 1.9, constant dimensions included', () => {
    const rows = [
      [1, 5, 1e8, 0.1, 0, 1e-20],
      [2, 5, 1e8 + 8, 0.1, 0, 2e-20],
      [4, 5, 1e8 + 16, 0.1, 0, 3e-20],
      [8, 5, 1e8, 0.1, 0, 5e-20],
    ];
    const { mean, scale } = fitScaler(
      { dimension: 6, data: Float32Array.from(rows.flat()) },
      Int32Array.of(0, 1, 2, 3),
    );
    const expectedMean = [3.75, 5.0, 100000006.0, 0.10000000149011612, 0.0, 2.749999912730187e-20];
    const expectedScale = [2.680951323690902, 1.0, 6.6332495807108, 1.0, 1.0, 1.4790198988389788e-20];
    expectedMean.forEach((value, d) => expect(Math.abs(mean[d]! - value)).toBeLessThanOrEqual(1e-14 * value));
    expectedScale.forEach((value, d) =>
      expect(Math.abs(scale[d]! - value)).toBeLessThanOrEqual(1e-14 * value),
    );
  });
});

describe('scaler of many rows', () => {
  it('is that of plain sums, for an odd number of dimensions and rows of several blocks in any order', () => {
    const [n, dimension] = [700, 5];
    const random = new Random(2);
    const data = Float32Array.from(
      { length: n * dimension },
      (_, i) => random.uniform() * (1 + (i % 5)) + (i % 5),
    );
    const order = Int32Array.from({ length: n }, (_, row) => row);
    random.shuffle(order);
    const rows = order.subarray(0, 600);
    const { mean, scale } = fitScaler({ dimension, data }, rows);
    for (let d = 0; d < dimension; d++) {
      const values = Array.from(rows, (row) => data[row * dimension + d]!);
      const expected = values.reduce((sum, v) => sum + v, 0) / 600;
      const variance = values.reduce((sum, v) => sum + (v - expected) ** 2, 0) / 600;
      expect(mean[d]! / expected).toBeCloseTo(1, 12);
      expect(scale[d]! / Math.sqrt(variance)).toBeCloseTo(1, 12);
    }
  });

  it('refuses rows that the features lack', () => {
    expect(() => fitScaler({ dimension: 2, data: new Float32Array(6) }, Int32Array.of(0, 3))).toThrow(
      'row 3 of 3 rows of features',
    );
  });
});

describe('preprocessing', () => {
  const nss = { id: 'nss', dimension: 2, data: Float32Array.of(1, 10, 3, 10, 100, 20, 5, 10) };
  const vision = { id: 'vision', dimension: 1, data: Float32Array.of(2, 4, -7, 6) };
  const fit = async (streams: (typeof nss)[], rows: Int32Array): Promise<StreamTransform[]> =>
    Promise.all(streams.map(async (s) => (await prepareStream(ort, s, rows, 256)).transform));

  it('fits on the training rows only and joins the streams in their order', async () => {
    const transforms = await fit([nss, vision], Int32Array.of(0, 1, 3));
    expect(fusedDimension(transforms)).toBe(3);
    const fused = await fuseStreams(ort, transforms, [vision, nss], Int32Array.of(2, 1));
    const std = Math.sqrt(8 / 3);
    // The one component of a standardised dimension is itself over its standard deviation with divisor n - 1.
    const expected = [(100 - 3) / std, 20 - 10, (-7 - 4) / std / Math.sqrt(3 / 2), 0, 0, 0];
    expected.forEach((value, i) => expect(fused[i]).toBeCloseTo(value, 5));
  });

  it('names the stream that is missing, has another width, or holds NaN', async () => {
    const transforms = await fit([nss, vision], Int32Array.of(0, 1));
    const fuse = (streams: (typeof nss)[], row: number): Promise<Float32Array> =>
      fuseStreams(ort, transforms, streams, Int32Array.of(row));
    await expect(fuse([nss], 0)).rejects.toThrow('needs the stream "vision"');
    await expect(fuse([nss, { ...vision, dimension: 2 }], 0)).rejects.toThrow('has 2 dimensions');
    const broken = { ...vision, data: Float32Array.of(2, NaN, -7, 6) };
    await expect(fit([broken], Int32Array.of(0, 1))).rejects.toThrow(
      '"vision" holds NaN in row 1, dimension 0',
    );
    await expect(fuse([nss, broken], 1)).rejects.toThrow('holds NaN');
    expect(await fuse([nss, broken], 0)).toHaveLength(3);
  });
});

describe('features that are not finite', () => {
  const [n, dimension] = [600, 3];
  const stream = (id: string, broken: Record<number, number>) => {
    const random = new Random(4);
    const data = Float32Array.from({ length: n * dimension }, () => random.uniform());
    for (const [at, value] of Object.entries(broken)) data[Number(at)] = value;
    return { id, dimension, data };
  };
  const train = Int32Array.from({ length: 500 }, (_, row) => row);
  const everyRow = Int32Array.from({ length: n }, (_, row) => row);

  it.each(['nss', 'vision'])('are named with row and dimension, trained on or not: %s', async (id) => {
    const prepare = (broken: Record<number, number>) =>
      prepareStream(ort, stream(id, broken), train, 2, everyRow);
    await expect(prepare({ [3 * 300 + 2]: NaN })).rejects.toThrow(
      `"${id}" holds NaN in row 300, dimension 2`,
    );
    await expect(prepare({ 1: Infinity, 4: -Infinity })).rejects.toThrow(
      'holds Infinity in row 0, dimension 1',
    );
    await expect(prepare({ [3 * 590 + 2]: -Infinity })).rejects.toThrow('-Infinity in row 590, dimension 2');
    await expect(prepare({ [3 * 599]: NaN })).rejects.toThrow('holds NaN in row 599, dimension 0');
    expect((await prepare({})).values).toHaveLength(n * (id === 'nss' ? 3 : 2));
  });

  it('nor are those that standardising makes infinite', async () => {
    const data = Float32Array.of(0, 1e-30, 1e10);
    const nss = { id: 'nss', dimension: 1, data };
    await expect(prepareStream(ort, nss, Int32Array.of(0, 1), 2, Int32Array.of(0, 1, 2))).rejects.toThrow(
      'too large to be standardised',
    );
  });
});

describe('the model', () => {
  const streams = [
    { id: 'nss', width: 138 },
    { id: 'siglip', width: 256 },
    { id: 'cliph', width: 256 },
  ];

  it('has the 464,897 parameters of the paper in its canonical form, and 16,643 more with gates', () => {
    expect(countParameters({ streams, hidden: [512, 256], gate: null })).toBe(464_897);
    expect(countParameters({ streams, hidden: [512, 256], gate: 'siglip' })).toBe(464_897 + 16_643);
    expect(countParameters({ streams: streams.slice(0, 1), hidden: [], gate: null })).toBe(139);
  });

  it('starts uniform within 1 / sqrt(inputs) of each layer, weights and biases', () => {
    const architecture = { streams, hidden: [400, 25], gate: 'cliph' };
    const parameters = initialParameters(architecture, new Random(2));
    for (const { inputs, outputs, weightOffset, biasOffset } of layersOf(architecture)) {
      const bound = 1 / Math.sqrt(inputs);
      const all = parameters.subarray(weightOffset, biasOffset + outputs);
      expect(all.every((value) => Math.abs(value) <= bound)).toBe(true);
      if (all.length < 5000) continue;
      expect(all.reduce((most, value) => Math.max(most, value), 0)).toBeGreaterThan(0.99 * bound);
      const variance = all.reduce((total, value) => total + value * value, 0) / all.length;
      expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
    }
  });
});

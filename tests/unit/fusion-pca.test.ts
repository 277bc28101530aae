import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { fuseStreams, outputDimension, prepareStream } from '../../src-main/fusion/preprocess.ts';
import { Random } from '../../src-main/fusion/random.ts';
import type { StreamFeatures } from '../../src-main/fusion/preprocess.ts';

const [N, DIMENSION] = [40, 12];
const everyRow = Int32Array.from({ length: N }, (_, row) => row);

/** 40 x 12 features of differing spread and mean; the last dimension is a copy of the one before. */
function features(): StreamFeatures {
  const random = new Random(11);
  const data = Float32Array.from(
    { length: N * DIMENSION },
    (_, i) => (random.uniform() - 0.5) * (1 + (i % DIMENSION)) + (i % DIMENSION),
  );
  for (let row = 0; row < N; row++) data[row * DIMENSION + 11] = data[row * DIMENSION + 10]!;
  return { id: 'vision', dimension: DIMENSION, data };
}

/** scikit-learn 1.9: StandardScaler, then PCA(svd_solver='full'), whitened, signs by the largest |loading|; float64. */
const SCIKIT_LEARN = [
  {
    train: 30,
    pca: 5,
    dropped: 0,
    variances: [
      2.782068403111953, 1.9885415229338996, 1.728559856696422, 1.53322592416365, 1.2010820808124554,
    ],
    last: [
      0.68013531439015, 0.9661640099463914, -0.09552328228490764, 1.1208160817774313, -0.5028609564999265,
    ],
  },
  {
    train: 30,
    pca: 12,
    dropped: 1,
    variances: [
      2.782068403111953, 1.9885415229338996, 1.728559856696422, 1.53322592416365, 1.2010820808124554,
      0.933224305117449, 0.7400017834469531, 0.6633132541273924, 0.48102991955548147, 0.21956486525642332,
      0.14318118822618825,
    ],
    last: [
      0.68013531439015, 0.9661640099463914, -0.09552328228490764, 1.1208160817774313, -0.5028609564999265,
      -0.8045671028812168, 2.011439845907268, 1.1268903990900683, 1.7468868644808502, 2.1186439647696904,
      -5.6691618399685595,
    ],
  },
  {
    train: 8,
    pca: 12,
    dropped: 0,
    variances: [
      5.084117190565666, 3.572029359708289, 1.731699537108501, 1.4450574911584053, 1.2138186934749324,
      0.4403778274292944, 0.2271856148406247,
    ],
    last: [
      0.1452801440128432, 1.4420225929030064, -0.24669037163545748, 0.8551800401431737, 0.5230863886392322,
      -1.3569732592678057, 0.8730124433190918,
    ],
  },
];

describe('PCA with whitening', () => {
  it.each(SCIKIT_LEARN)('gives scikit-learn: $train rows, at most $pca components', async (expected) => {
    const train = everyRow.subarray(0, expected.train);
    const { transform, values } = await prepareStream(ort, features(), train, expected.pca, everyRow);
    const { variances, dropped } = transform.projection!;
    expect(dropped).toBe(expected.dropped);
    expect(variances).toHaveLength(expected.variances.length);
    variances.forEach((v, c) => expect(v).toBeCloseTo(expected.variances[c]!, 12));
    const last = values.subarray(-variances.length);
    last.forEach((v, c) => expect(Math.abs(v - expected.last[c]!)).toBeLessThan(1e-5));
  });

  it('leaves components of the training rows uncorrelated, with mean 0 and variance 1', async () => {
    const [n, dimension] = [1500, 20];
    const random = new Random(5);
    const data = Float32Array.from({ length: n * dimension }, () => random.uniform() ** 3);
    const train = Int32Array.from({ length: 1300 }, (_, i) => i + 200);
    const stream = { id: 'vision', dimension, data };
    const { transform, values } = await prepareStream(ort, stream, train, 7);
    expect(outputDimension(transform)).toBe(7);
    for (let a = 0; a < 7; a++) {
      for (let b = 0; b <= a; b++) {
        const products = train.reduce((sum, row) => sum + values[row * 7 + a]! * values[row * 7 + b]!, 0);
        expect(products / (train.length - 1)).toBeCloseTo(a === b ? 1 : 0, 5);
      }
      expect(train.reduce((sum, row) => sum + values[row * 7 + a]!, 0) / train.length).toBeCloseTo(0, 5);
    }
  });

  it('never projects NSS', async () => {
    const { transform } = await prepareStream(ort, { ...features(), id: 'nss' }, everyRow, 3);
    expect(transform.projection).toBeNull();
    expect(outputDimension(transform)).toBe(DIMENSION);
  });

  it('projects an image to the same bits whatever is projected with it', async () => {
    const stream = features();
    const { transform, values } = await prepareStream(ort, stream, everyRow, 5);
    for (const row of [0, 17, 39]) {
      const alone = await fuseStreams(ort, [transform], [stream], Int32Array.of(row));
      expect(alone).toEqual(values.slice(row * 5, (row + 1) * 5));
    }
  });

  it('names a stream that is the same for all training images', async () => {
    const stream = { id: 'vision', dimension: 3, data: new Float32Array(30).fill(0.25) };
    await expect(prepareStream(ort, stream, Int32Array.of(0, 1, 2), 2)).rejects.toMatchObject({
      code: 'bad-input',
      message: 'Stream "vision" is the same for all 3 training images',
    });
  });
});

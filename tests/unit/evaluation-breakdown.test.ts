import { expect, it } from 'vitest';
import { medianAndQuartiles, perDistortion, summariseFolds } from '../../src-main/evaluation/breakdown.ts';
import { metrics } from '../../src-main/evaluation/metrics.ts';

const prediction = Float64Array.of(1, 2, 3, 3, 2, 1, 5, 9);
const close = (value: number): unknown => expect.closeTo(value, 12);
const target = Float64Array.of(1, 2, 3, 1, 2, 3, 4, 4);

it('SROCC per distortion type and level, types with numbers in number order, others left out', () => {
  const types = ['blur 10', 'blur 10', 'blur 10', 'blur 9', 'blur 9', 'blur 9', null, 'noise'];
  const { types: rows, levels } = perDistortion(prediction, target, types, [2, 2, 2, 1, 1, 1, null, null]);
  expect(rows).toEqual([
    { type: 'blur 9', n: 3, srocc: close(-1) },
    { type: 'blur 10', n: 3, srocc: close(1) },
    { type: 'noise', n: 1, srocc: null },
  ]);
  expect(levels).toEqual([
    { level: 1, n: 3, srocc: close(-1) },
    { level: 2, n: 3, srocc: close(1) },
  ]);
  expect(perDistortion(prediction, target, types).levels).toEqual([]);
});

const foldOf = (...images: number[]) =>
  metrics(
    Float64Array.from(images, (i) => prediction[i]!),
    Float64Array.from(images, (i) => target[i]!),
  );

it('folds have mean and standard deviation with divisor n, null where a fold has none', () => {
  const folds = [foldOf(0, 1, 2), foldOf(3, 4, 5)];
  const { mean, std } = summariseFolds(folds);
  expect(mean.srocc).toBeCloseTo(0, 12);
  expect(std.srocc).toBeCloseTo(1, 12);
  expect(mean.rmse).toBeCloseTo(Math.sqrt(8 / 3) / 2, 12);
  expect(std.rmse).toBeCloseTo(Math.sqrt(8 / 3) / 2, 12);
  const withConstant = summariseFolds([...folds, foldOf(6, 7)]);
  expect(withConstant.mean.srocc).toBeNull();
  expect(withConstant.std.krocc).toBeNull();
  expect(withConstant.mean.rmse).not.toBeNull();
});

it('repeats have median and quartiles as numpy.percentile gives them', () => {
  const repeat = (srocc: number | null) => ({ n: 9, srocc, plcc: 0.5, krocc: 0, rmse: 1 });
  const { median, quartiles } = medianAndQuartiles([0.9, 0.7, 0.8, 0.2].map(repeat));
  expect(median.srocc).toBeCloseTo(0.75, 12);
  expect(quartiles.lower.srocc).toBeCloseTo(0.575, 12);
  expect(quartiles.upper.srocc).toBeCloseTo(0.825, 12);
  expect(median).toMatchObject({ plcc: 0.5, krocc: 0, rmse: 1 });
  expect(medianAndQuartiles([repeat(0.3)]).quartiles.upper.srocc).toBe(0.3);
  expect(medianAndQuartiles([repeat(0.3), repeat(null)]).median.srocc).toBeNull();
});

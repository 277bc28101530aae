import { expect, it } from 'vitest';
import { foldTable, perDistortion } from '../../src-main/evaluation/breakdown.ts';

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

it('the fold table has mean and standard deviation with divisor n, null where a fold has none', () => {
  const folds = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4, 5)];
  const table = foldTable(prediction, target, folds);
  expect(table.folds.map(({ n, srocc }) => [n, srocc])).toEqual([
    [3, close(1)],
    [3, close(-1)],
  ]);
  expect(table.mean.srocc).toBeCloseTo(0, 12);
  expect(table.std.srocc).toBeCloseTo(1, 12);
  expect(table.mean.rmse).toBeCloseTo(Math.sqrt(8 / 3) / 2, 12);
  expect(table.std.rmse).toBeCloseTo(Math.sqrt(8 / 3) / 2, 12);
  const withConstant = foldTable(prediction, target, [...folds, Int32Array.of(6, 7)]);
  expect(withConstant.mean.srocc).toBeNull();
  expect(withConstant.std.krocc).toBeNull();
  expect(withConstant.mean.rmse).not.toBeNull();
});

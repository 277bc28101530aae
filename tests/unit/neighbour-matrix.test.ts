import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NeighbourMatrix } from '../../src-main/streams/neighbours/matrix.ts';
import { generator } from '../fixtures/natural-picture.ts';

/** Cosine by its definition, in float64. */
function cosine(a: readonly number[], b: readonly number[]): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  const length = Math.hypot(...a) * Math.hypot(...b);
  return length > 0 ? dot / length : 0;
}

function zScored(rows: readonly number[][]): number[][] {
  const columns = rows[0]!.map((_, d) => {
    const values = rows.map((row) => row[d]!);
    const mean = values.reduce((sum, v) => sum + v, 0) / rows.length;
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / rows.length);
    return { mean, std };
  });
  return rows.map((row) =>
    row.map((v, d) => (columns[d]!.std > 0 ? (v - columns[d]!.mean) / columns[d]!.std : 0)),
  );
}

function matrixOf(rows: readonly (readonly number[])[], zScore: boolean): NeighbourMatrix {
  const matrix = new NeighbourMatrix(rows.length, rows[0]!.length);
  rows.forEach((row, r) => matrix.row(r).set(row));
  matrix.normalise(zScore);
  return matrix;
}

/** Random rows whose dimensions have other offsets and scales, as NSS features do. */
function randomRows(n: number, dimension: number, seed: number): number[][] {
  const random = generator(seed);
  return Array.from({ length: n }, () =>
    Array.from({ length: dimension }, (_, d) => Math.fround((random() + (d % 3)) * 10 ** ((d % 5) - 2))),
  );
}

describe('nearest neighbours by cosine', () => {
  it.each([false, true])('equal the definition for every row and width (z-scored: %s)', (zScore) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 2, max: 70 }),
        fc.integer({ min: 1, max: 1e6 }),
        (n, dimension, seed) => {
          const rows = randomRows(n, dimension, seed);
          const vectors = zScore ? zScored(rows) : rows;
          const query = seed % n;
          const hits = matrixOf(rows, zScore).nearest(Float32Array.from(rows[query]!), n);
          expect(hits.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual([...rows.keys()]);
          hits.forEach((hit, i) => {
            expect(hit.cosine).toBeCloseTo(cosine(vectors[hit.row]!, vectors[query]!), 4);
            if (i > 0) expect(hit.cosine).toBeLessThanOrEqual(hits[i - 1]!.cosine);
          });
          expect(hits[0]!.cosine).toBeCloseTo(1, 5);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives the same first rows whatever the limit', () => {
    const rows = randomRows(500, 138, 7);
    const matrix = matrixOf(rows, true);
    const query = Float32Array.from(rows[3]!);
    const all = matrix.nearest(query, 500);
    for (const limit of [1, 12, 100]) expect(matrix.nearest(query, limit)).toEqual(all.slice(0, limit));
    expect(matrix.nearest(query, 0)).toEqual([]);
  });

  it('gives a vector without direction, or with values that are not finite, cosine 0', () => {
    const matrix = matrixOf(
      [
        [1, 2],
        [0, 0],
        [NaN, 1],
        [Infinity, 1],
      ],
      false,
    );
    expect(
      matrix.nearest(Float32Array.of(1, 2), 4).map(({ row, cosine: c }) => [row, Math.round(c * 1e6) / 1e6]),
    ).toEqual([
      [0, 1],
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
    expect(matrix.nearest(Float32Array.of(0, 0), 4).every(({ cosine: c }) => c === 0)).toBe(true);
  });

  it('takes an empty matrix', () => {
    const matrix = new NeighbourMatrix(0, 1);
    matrix.normalise(true);
    expect(matrix.nearest(Float32Array.of(1), 12)).toEqual([]);
  });
});

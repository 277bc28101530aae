import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src-main/fusion/random.ts';
import { largestEigenpairs } from '../../src-main/fusion/symmetric-eigen.ts';

/** A symmetric matrix of the form B diag(s) B' with small integers, so that equal and zero eigenvalues are common. */
function symmetric(n: number, seed: number, scales: readonly number[]): Float64Array {
  const random = new Random(seed);
  const b = Float64Array.from({ length: n * n }, () => Math.round(4 * random.uniform() - 2));
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < n; k++) sum += b[i * n + k]! * scales[k % scales.length]! * b[j * n + k]!;
    return sum;
  });
}

function check(matrix: Float64Array, n: number, count: number): void {
  const { values, vectors } = largestEigenpairs(matrix, n, count);
  const scale = Math.max(1e-300, ...matrix.map(Math.abs)) * n;
  const row = (k: number): Float64Array => vectors.subarray(k * n, (k + 1) * n);
  const product = (a: Float64Array, b: Float64Array): number => a.reduce((t, x, i) => t + x * b[i]!, 0);
  for (let k = 0; k < count; k++) {
    if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]!);
    for (let i = 0; i < n; i++) {
      const image = product(matrix.subarray(i * n, (i + 1) * n), row(k));
      expect(Math.abs(image - values[k]! * row(k)[i]!)).toBeLessThan(1e-13 * scale);
    }
    for (let j = 0; j <= k; j++)
      expect(Math.abs(product(row(j), row(k)) - (j === k ? 1 : 0))).toBeLessThan(1e-12);
  }
  // All eigenvalues together: their sum is the trace, so none has been taken twice or left out.
  if (count < n) return;
  const trace = values.map((_, i) => matrix[i * n + i]!).reduce((a, b) => a + b, 0);
  expect(Math.abs(values.reduce((a, b) => a + b, 0) - trace)).toBeLessThan(1e-12 * scale);
}

describe('largest eigenpairs', () => {
  it('solve A v = lambda v with orthonormal vectors, whatever the spectrum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.nat(1000),
        fc.array(fc.constantFrom(0, 1, 1, 1e-9, -2, 1e6), { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, seed, scales, share) => {
          const matrix = symmetric(n, seed, scales);
          check(matrix, n, n);
          check(matrix, n, Math.max(1, Math.round(share * n)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['the identity', (i: number, j: number) => (i === j ? 1 : 0)],
    ['zeros', () => 0],
    ['ones (rank one)', () => 1],
    ['two equal blocks', (i: number, j: number) => (i < 6 === j < 6 ? 1 / (1 + Math.abs(i - j)) : 0)],
    ['Wilkinson', (i: number, j: number) => (i === j ? Math.abs(i - 6) : Math.abs(i - j) === 1 ? 1 : 0)],
    ['a graded diagonal', (i: number, j: number) => (i === j ? 10 ** -i : 0)],
  ])('of %s', (_, entry: (i: number, j: number) => number) => {
    const n = 13;
    check(
      Float64Array.from({ length: n * n }, (_v, at) => entry(Math.floor(at / n), at % n)),
      n,
      n,
    );
  });

  it('reads the lower triangle only', () => {
    const matrix = Float64Array.of(2, NaN, NaN, 1, 2, NaN, 0, 1, 2);
    const { values } = largestEigenpairs(matrix, 3, 3);
    [2 + Math.SQRT2, 2, 2 - Math.SQRT2].forEach((value, i) => expect(values[i]).toBeCloseTo(value, 13));
  });
});

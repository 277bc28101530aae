/**
 * The largest eigenvalues of a symmetric matrix with their eigenvectors: Householder reduction to tridiagonal form, bisection
 * with Sturm sequences, inverse iteration with Gram-Schmidt (the method of LAPACK's dsyevx; Golub and Van Loan, chapter 8).
 */
import { FusionKernel } from './kernel.ts';
import { Random } from './random.ts';

/** Eigenvalues, largest first, and one orthonormal eigenvector a row (count x n, row-major). */
export type Eigenpairs = { values: Float64Array; vectors: Float64Array };

/** A symmetric tridiagonal matrix: diagonal d[0..n), subdiagonal e[1..n) with e[i] between i - 1 and i. */
type Tridiagonal = { d: Float64Array; e: Float64Array; scale: number };

const INVERSE_ITERATIONS = 3;

/** The `count` largest eigenpairs of the symmetric n x n `matrix` (row-major; only its lower triangle is read). */
export function largestEigenpairs(matrix: Float64Array, n: number, count: number): Eigenpairs {
  const kernel = new FusionKernel(8 * (n * n + count * n + 5 * n + count));
  const a = kernel.float64(n * n);
  a.set(matrix);
  const vectors = kernel.float64(count * n);
  const [d, e, h, q, p] = Array.from({ length: 5 }, () => kernel.float64(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const scale = largestRowSum(matrix, n) || 1;
  const at = (x: Float64Array): number => x.byteOffset;
  // Entries below rounding of the whole matrix are noise, and their squares could underflow.
  const negligible = (scale * Number.EPSILON * 0.01) ** 2;
  kernel.run.tridiagonalize(at(a), n, at(d), at(e), at(h), at(q), at(p), negligible);
  const t: Tridiagonal = { d, e, scale };
  const values = kernel.float64(count);
  e.forEach((x, i) => (q[i] = x * x));
  const bound = scale * (1 + 4 * Number.EPSILON);
  const tiny = scale * Number.EPSILON ** 2 + Number.MIN_VALUE;
  kernel.run.largestEigenvalues(at(d), at(q), n, count, bound, Number.EPSILON * scale, tiny, at(values));
  const random = new Random(1);
  values.forEach((value, k) => {
    const vector = vectors.subarray(k * n, (k + 1) * n);
    const shifted = factorize(t, value);
    for (let i = 0; i < n; i++) vector[i] = random.uniform() - 0.5;
    for (let i = 0; i < INVERSE_ITERATIONS; i++) {
      solve(shifted, vector);
      normalize(vector);
      kernel.run.orthogonalize(at(vectors), k, n);
      normalize(vector);
    }
  });
  kernel.run.backTransform(at(a), n, at(h), at(vectors), count);
  return { values: values.slice(), vectors: vectors.slice() };
}

/** A bound on all eigenvalues (the infinity norm), from the lower triangle. */
function largestRowSum(matrix: Float64Array, n: number): number {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = Math.abs(matrix[i * n + j]!);
      sums[i]! += entry;
      if (j < i) sums[j]! += entry;
    }
  }
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

/** L U of T - value I with row exchanges: U has up to two superdiagonals; `factor` and `swapped` undo the rows below. */
type Factors = {
  diagonal: Float64Array;
  above: Float64Array;
  above2: Float64Array;
  factor: Float64Array;
  swapped: Uint8Array;
};

function factorize({ d, e, scale }: Tridiagonal, value: number): Factors {
  const n = d.length;
  const diagonal = d.map((x) => x - value);
  const above = new Float64Array(n);
  for (let i = 0; i + 1 < n; i++) above[i] = e[i + 1]!;
  const above2 = new Float64Array(n);
  const factor = new Float64Array(n);
  const swapped = new Uint8Array(n);
  const smallest = scale * Number.EPSILON + Number.MIN_VALUE;
  for (let i = 0; i + 1 < n; i++) {
    const below = e[i + 1]!;
    if (Math.abs(diagonal[i]!) >= Math.abs(below)) {
      if (Math.abs(diagonal[i]!) < smallest) diagonal[i] = smallest;
      factor[i] = below / diagonal[i]!;
      diagonal[i + 1]! -= factor[i]! * above[i]!;
    } else {
      swapped[i] = 1;
      factor[i] = diagonal[i]! / below;
      diagonal[i] = below;
      const kept = above[i]!;
      above[i] = diagonal[i + 1]!;
      diagonal[i + 1] = kept - factor[i]! * above[i]!;
      above2[i] = above[i + 1]!;
      above[i + 1] = -factor[i]! * above2[i]!;
    }
  }
  if (Math.abs(diagonal[n - 1]!) < smallest) diagonal[n - 1] = smallest;
  return { diagonal, above, above2, factor, swapped };
}

/** Solves (T - value I) x = b in place. */
function solve({ diagonal, above, above2, factor, swapped }: Factors, x: Float64Array): void {
  const n = x.length;
  for (let i = 0; i + 1 < n; i++) {
    if (swapped[i] === 1) {
      const kept = x[i]!;
      x[i] = x[i + 1]!;
      x[i + 1] = kept - factor[i]! * x[i]!;
    } else {
      x[i + 1]! -= factor[i]! * x[i]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    const right = i + 1 < n ? above[i]! * x[i + 1]! : 0;
    const farRight = i + 2 < n ? above2[i]! * x[i + 2]! : 0;
    x[i] = (x[i]! - right - farRight) / diagonal[i]!;
  }
}

function normalize(x: Float64Array): void {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  let squares = 0;
  for (const value of x) squares += (value / largest) ** 2;
  const length = largest * Math.sqrt(squares);
  for (let i = 0; i < x.length; i++) x[i]! /= length;
}

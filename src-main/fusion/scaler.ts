/** Standardisation per dimension with scikit-learn's StandardScaler rules (paper, equation 4). */
import { FusionKernel } from './kernel.ts';

/** Row-major features: `data[row * dimension + d]`. */
export type FeatureMatrix = { dimension: number; data: Float32Array };

/** z = (x - mean) / scale, per dimension. */
export type Scaler = { mean: Float64Array; scale: Float64Array };

/** Rows that are in the kernel's memory at a time where only sums are taken of them. */
const BLOCK_ROWS = 256;

/** Mean and population standard deviation over `rows`; a constant dimension gets scale 1. NaN where a value is not finite. */
export function fitScaler(matrix: FeatureMatrix, rows: Int32Array): Scaler {
  const { dimension } = matrix;
  const n = rows.length;
  const size = Math.min(BLOCK_ROWS, n);
  const kernel = new FusionKernel(4 * size * dimension + 8 * 3 * dimension);
  const block = kernel.float32(size * dimension);
  const mean = kernel.float64(dimension);
  const [sums, squares] = [kernel.float64(dimension), kernel.float64(dimension)];
  const [x, m, s, q] = [block, mean, sums, squares].map((values) => values.byteOffset) as [
    number,
    number,
    number,
    number,
  ];
  for (let start = 0; start < n; start += size)
    kernel.run.addColumns(x, copyRows(matrix, rows.subarray(start, start + size), block), dimension, m);
  for (let d = 0; d < dimension; d++) mean[d]! /= n;
  for (let start = 0; start < n; start += size) {
    const count = copyRows(matrix, rows.subarray(start, start + size), block);
    kernel.run.addDeviations(x, count, dimension, m, s, q);
  }
  // The variance with divisor n, corrected for the rounding of the mean as scikit-learn does.
  const variance = squares.map((square, d) => (square - sums[d]! ** 2 / n) / n);
  const scale = variance.map((v, d) => (isConstant(v, mean[d]!, n) ? 1 : Math.sqrt(v)));
  return { mean: mean.slice(), scale: scale.slice() };
}

/** Copies rows of features side by side into a block; gives their number. Throws RangeError for a row that the features lack. */
function copyRows({ dimension, data }: FeatureMatrix, rows: Int32Array, block: Float32Array): number {
  const lacking = rows.find((row) => row < 0 || (row + 1) * dimension > data.length);
  if (lacking !== undefined)
    throw new RangeError(`row ${lacking} of ${data.length / dimension} rows of features`);
  rows.forEach((row, i) => block.set(data.subarray(row * dimension, (row + 1) * dimension), i * dimension));
  return rows.length;
}

/** scikit-learn's `_is_constant_feature`: the variance is within the rounding error of its own computation. */
function isConstant(variance: number, mean: number, n: number): boolean {
  return variance <= n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
}

/** Standardised rows of a matrix, some at a time: `values` [size, dimension], which `toSingles` turns into `singles` in the same memory. */
export class StandardizedRows {
  readonly values: Float64Array;
  readonly singles: Float32Array;
  readonly #kernel: FusionKernel;
  readonly #matrix: FeatureMatrix;
  readonly #block: Float32Array;
  readonly #mean: Float64Array;
  readonly #scale: Float64Array;

  /** Memory for `size` rows at a time. */
  constructor({ mean, scale }: Scaler, matrix: FeatureMatrix, size: number) {
    const { dimension } = matrix;
    const kernel = new FusionKernel(12 * size * dimension + 16 * dimension);
    this.#kernel = kernel;
    this.#matrix = matrix;
    this.#block = kernel.float32(size * dimension);
    this.values = kernel.float64(size * dimension);
    this.singles = new Float32Array(this.values.buffer, this.values.byteOffset, size * dimension);
    this.#mean = kernel.float64(dimension);
    this.#scale = kernel.float64(dimension);
    this.#mean.set(mean);
    this.#scale.set(scale);
  }

  /** Puts `rows` into `values`, and zeros after them. */
  read(rows: Int32Array): void {
    const { dimension } = this.#matrix;
    const count = copyRows(this.#matrix, rows, this.#block);
    const [x, m, s, z] = [this.#block, this.#mean, this.#scale, this.values].map((v) => v.byteOffset);
    this.#kernel.run.standardize(x!, count, dimension, m!, s!, z!);
    this.values.fill(0, count * dimension);
  }

  /** Makes `singles` of `values`; false where one of them is no finite number in single precision. */
  toSingles(): boolean {
    return this.#kernel.run.toSingle(this.values.byteOffset, this.values.length) === 0;
  }
}

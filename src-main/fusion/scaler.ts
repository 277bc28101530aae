/** Standardisation per dimension with scikit-learn's StandardScaler rules (paper, equation 4). */

/** Row-major features: `data[row * dimension + d]`. */
export type FeatureMatrix = { dimension: number; data: Float32Array };

/** z = (x - mean) / scale, per dimension. */
export type Scaler = { mean: Float64Array; scale: Float64Array };

/** Mean and population standard deviation over `rows`; a constant dimension gets scale 1. */
export function fitScaler(matrix: FeatureMatrix, rows: Int32Array): Scaler {
  const mean = columnMeans(matrix, rows);
  const variance = columnVariances(matrix, rows, mean);
  const scale = variance.map((v, d) => (isConstant(v, mean[d]!, rows.length) ? 1 : Math.sqrt(v)));
  return { mean, scale };
}

function columnMeans({ dimension, data }: FeatureMatrix, rows: Int32Array): Float64Array {
  const sums = new Float64Array(dimension);
  for (const row of rows) {
    const offset = row * dimension;
    for (let d = 0; d < dimension; d++) sums[d]! += data[offset + d]!;
  }
  return sums.map((sum) => sum / rows.length);
}

/** Two-pass variance with divisor n, corrected for the rounding of the mean as scikit-learn does. */
function columnVariances(
  { dimension, data }: FeatureMatrix,
  rows: Int32Array,
  mean: Float64Array,
): Float64Array {
  const sums = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  for (const row of rows) {
    const offset = row * dimension;
    for (let d = 0; d < dimension; d++) {
      const difference = data[offset + d]! - mean[d]!;
      sums[d]! += difference;
      squares[d]! += difference * difference;
    }
  }
  return squares.map((square, d) => (square - sums[d]! ** 2 / rows.length) / rows.length);
}

/** scikit-learn's `_is_constant_feature`: the variance is within the rounding error of its own computation. */
function isConstant(variance: number, mean: number, n: number): boolean {
  return variance <= n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
}

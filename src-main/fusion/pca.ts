/**
 * PCA with whitening of standardised features (paper, section 2.4, equation 5), with scikit-learn's conventions: eigenvalues with
 * divisor n - 1. The sign is ours: the largest |loading| of a component is positive.
 */
import { addGram, matmul, slice } from '../graph/operators.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { openInPlace, type Places } from '../graph/in-place.ts';
import { constant, input } from '../graph/tensor.ts';
import { StandardizedRows, type FeatureMatrix, type Scaler } from './scaler.ts';
import { largestEigenpairs } from './symmetric-eigen.ts';
import type { Ort } from '../graph/runtime.ts';
import type { Tensor } from '../graph/tensor.ts';

/** A component whose variance is under this share of the largest one is rounding, and whitening would blow it up. */
const SMALLEST_VARIANCE = 1e-7;

export type Projection = {
  /** dimension x components, row-major: each column is a component's loadings / sqrt(its variance). */
  matrix: Float32Array;
  /** Variance along each component (eigenvalue of the covariance), largest first. */
  variances: Float64Array;
  /** Components left out because their variance is under 1e-7 of the largest. */
  dropped: number;
};

/** Rows of a feature matrix, to be standardised with a scaler. */
export type ScaledRows = { scaler: Scaler; matrix: FeatureMatrix; rows: Int32Array };

/** Fits min(components, dimension, n - 1) components on the standardised rows of a matrix. None is left where all rows are equal. */
export async function fitProjection(ort: Ort, scaled: ScaledRows, components: number): Promise<Projection> {
  const { dimension } = scaled.matrix;
  const wanted = Math.min(components, dimension, scaled.rows.length - 1);
  const covariance = await covarianceMatrix(ort, scaled);
  const { values, vectors } = largestEigenpairs(covariance, dimension, wanted);
  const kept = values.filter((v) => v > 0 && v >= SMALLEST_VARIANCE * values[0]!).length;
  const matrix = new Float32Array(dimension * kept);
  for (let c = 0; c < kept; c++) {
    const loadings = vectors.subarray(c * dimension, (c + 1) * dimension);
    const gain = signOfLargest(loadings) / Math.sqrt(values[c]!);
    loadings.forEach((loading, d) => (matrix[d * kept + c] = loading * gain));
  }
  return { matrix, variances: values.slice(0, kept), dropped: wanted - kept };
}

function signOfLargest(loadings: Float64Array): number {
  let largest = 0;
  for (const loading of loadings) if (Math.abs(loading) > Math.abs(largest)) largest = loading;
  return Math.sign(largest);
}

/** Rows of one product. */
const COVARIANCE_ROWS = 512;
/** Columns of one product. */
const COVARIANCE_COLUMNS = 192;

/** A rectangle of the covariance: its first row and column, and its size. */
type Tile = { name: string; row: number; column: number; shape: [rows: number, columns: number] };

/** The lower triangle of Z'Z / (n - 1) in double precision; only tiles that touch it are computed, and above it there are zeros. */
async function covarianceMatrix(ort: Ort, { scaler, matrix, rows: all }: ScaledRows): Promise<Float64Array> {
  const { dimension } = matrix;
  const n = all.length;
  const rows = Math.min(COVARIANCE_ROWS, n);
  const tiles = lowerTiles(dimension);
  const standardized = new StandardizedRows(scaler, matrix, rows);
  const session = await openInPlace(ort, gramModel(rows, dimension, tiles), 1);
  const block = { values: standardized.values, shape: [rows, dimension] };
  const empty = (): Float64Array[] => tiles.map(({ shape }) => new Float64Array(shape[0] * shape[1]));
  let [totals, sums] = [empty(), empty()];
  const places = (prefix: string, of: readonly Float64Array[]): Places =>
    Object.fromEntries(tiles.map(({ name, shape }, t) => [`${prefix}${name}`, { values: of[t]!, shape }]));
  const add = (from: readonly Float64Array[], to: readonly Float64Array[]) =>
    session.bind({ block, ...places('total', from) }, places('sum', to));
  try {
    let [next, afterNext] = [add(totals, sums), add(sums, totals)];
    for (let start = 0; start < n; start += rows) {
      standardized.read(all.subarray(start, start + rows)); // rows past the end are 0 and add nothing
      await next();
      [next, afterNext] = [afterNext, next];
      [totals, sums] = [sums, totals];
    }
  } finally {
    await session.release();
  }
  const covariance = new Float64Array(dimension ** 2);
  tiles.forEach(({ row, column, shape: [height, width] }, t) => {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width && column + j <= row + i; j++)
        covariance[(row + i) * dimension + column + j] = totals[t]![i * width + j]! / (n - 1);
    }
  });
  return covariance;
}

/** total + Z'Z for one block Z [rows, dimension], tile by tile. */
function gramModel(rows: number, dimension: number, tiles: readonly Tile[]): Uint8Array {
  const block = input('block', [rows, dimension], 'float64');
  const columns = (start: number, count: number): Tensor => slice(block, 1, start, start + count);
  const strips = new Map<number, Tensor>();
  for (const { row, shape } of tiles) if (!strips.has(row)) strips.set(row, columns(row, shape[0]));
  const sums = tiles.map(({ name, row, column, shape }) => {
    const total = input(`total${name}`, shape, 'float64');
    return [`sum${name}`, addGram(total, strips.get(row)!, strips.get(column)!)] as const;
  });
  return writeOnnx(Object.fromEntries(sums));
}

function lowerTiles(dimension: number): Tile[] {
  const strips = Math.ceil(dimension / COVARIANCE_COLUMNS);
  const startOf = (strip: number): number => Math.floor((strip * dimension) / strips);
  const widthOf = (strip: number): number => startOf(strip + 1) - startOf(strip);
  return Array.from({ length: strips }, (_, i) =>
    Array.from({ length: i + 1 }, (_, j): Tile => ({
      name: `${i}_${j}`,
      row: startOf(i),
      column: startOf(j),
      shape: [widthOf(i), widthOf(j)],
    })),
  ).flat();
}

/**
 * Every run of the projection has exactly this many rows, the last ones padded: ONNX Runtime chooses its matrix kernels by shape,
 * so an image's components do not depend on which others are projected with it.
 */
const PROJECTION_ROWS = 256;

/** Projects and whitens the standardised rows of a matrix: rows x components, row-major; null where a value is not finite. */
export async function project(
  ort: Ort,
  { matrix: loadings, variances }: Projection,
  { scaler, matrix, rows }: ScaledRows,
): Promise<Float32Array | null> {
  const components = variances.length;
  const { dimension } = matrix;
  const shape = [PROJECTION_ROWS, dimension];
  const projected = matmul(input('block', shape), constant(loadings, [dimension, components]));
  const standardized = new StandardizedRows(scaler, matrix, PROJECTION_ROWS);
  const session = await openInPlace(ort, writeOnnx({ projected }), 1);
  const output = new Float32Array(PROJECTION_ROWS * components);
  const result = new Float32Array(rows.length * components);
  try {
    const multiply = session.bind(
      { block: { values: standardized.singles, shape } },
      { projected: { values: output, shape: [PROJECTION_ROWS, components] } },
    );
    for (let start = 0; start < rows.length; start += PROJECTION_ROWS) {
      const some = rows.subarray(start, start + PROJECTION_ROWS);
      standardized.read(some);
      if (!standardized.toSingles()) return null;
      await multiply();
      result.set(output.subarray(0, some.length * components), start * components);
    }
  } finally {
    await session.release();
  }
  return result;
}

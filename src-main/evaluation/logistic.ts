/**
 * PLCC after a monotonic logistic from predictions to scores, as VQEG's reports give it (FRTV Phase I, 2000): kept apart from
 * PLCC on raw predictions, which the paper reports (section 3.3).
 */
import { plcc } from './metrics.ts';

/** score = lower + (upper - lower) / (1 + exp(-(prediction - midpoint) / width)). */
export type Logistic = { upper: number; lower: number; midpoint: number; width: number };

const MOST_STEPS = 500;
const LARGEST_DAMPING = 1e12;
/** Steps that lower the squared error by less, relative to it, end the fit. */
const TOLERANCE = 1e-13;

/** The curve's value at a prediction. */
export function logisticAt({ upper, lower, midpoint, width }: Logistic, x: number): number {
  return lower + (upper - lower) / (1 + Math.exp(-(x - midpoint) / width));
}

/**
 * Least-squares fit of the four parameters by Levenberg and Marquardt's method, on standardised values.
 * Null for fewer than five images, a constant side, or values that are not finite.
 */
export function fitLogistic(prediction: Float64Array, score: Float64Array): Logistic | null {
  const correlation = prediction.length < 5 ? null : plcc(prediction, score);
  if (correlation === null) return null;
  const x = standardise(prediction);
  const y = standardise(score);
  // VQEG's start: the asymptotes at the extremes, the midpoint at the mean.
  const ends = [Math.max(...extremes(y.values)), Math.min(...extremes(y.values))] as const;
  const [upper, lower] = correlation >= 0 ? ends : [ends[1], ends[0]];
  const fitted = minimise([upper, lower, 0, 0.5], x.values, y.values);
  return {
    upper: y.mean + y.std * fitted[0],
    lower: y.mean + y.std * fitted[1],
    midpoint: x.mean + x.std * fitted[2],
    width: x.std * Math.abs(fitted[3]),
  };
}

/** PLCC of the mapped predictions; null where the curve can not be fitted. */
export function logisticPlcc(
  prediction: Float64Array,
  score: Float64Array,
): { plcc: number | null; curve: Logistic | null } {
  const curve = fitLogistic(prediction, score);
  if (curve === null) return { plcc: null, curve };
  return {
    plcc: plcc(
      prediction.map((x) => logisticAt(curve, x)),
      score,
    ),
    curve,
  };
}

type Parameters = [upper: number, lower: number, midpoint: number, width: number];

function minimise(start: Parameters, x: Float64Array, y: Float64Array): Parameters {
  let parameters = start;
  let error = squaredError(parameters, x, y);
  let damping = 1e-3;
  for (let step = 0; step < MOST_STEPS && damping < LARGEST_DAMPING; step++) {
    const { matrix, gradient } = normalEquations(parameters, x, y);
    const damped = matrix.map((row, i) => row.map((v, j) => (i === j ? v * (1 + damping) + 1e-15 : v)));
    const move = solve(damped, gradient);
    const next = parameters.map((p, i) => p + move[i]!) as Parameters;
    const nextError = squaredError(next, x, y);
    if (nextError <= error && Number.isFinite(nextError) && next[3] !== 0) {
      const gain = error - nextError;
      [parameters, error] = [next, nextError];
      damping = Math.max(damping / 10, 1e-12);
      if (gain <= TOLERANCE * error) break;
    } else {
      damping *= 10;
    }
  }
  return parameters;
}

function valueAt([upper, lower, midpoint, width]: Parameters, x: number): number {
  return lower + (upper - lower) / (1 + Math.exp(-(x - midpoint) / Math.abs(width)));
}

function squaredError(parameters: Parameters, x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += (y[i]! - valueAt(parameters, x[i]!)) ** 2;
  return total;
}

/** J'J and J'(y - f) of the four parameters. */
function normalEquations(parameters: Parameters, x: Float64Array, y: Float64Array) {
  const [upper, lower, midpoint, signedWidth] = parameters;
  const width = Math.abs(signedWidth);
  const matrix = Array.from({ length: 4 }, () => new Array<number>(4).fill(0));
  const gradient = new Array<number>(4).fill(0);
  const slopes = new Float64Array(4);
  for (let i = 0; i < x.length; i++) {
    const z = (x[i]! - midpoint) / width;
    const s = 1 / (1 + Math.exp(-z));
    const bend = ((upper - lower) * s * (1 - s)) / width;
    slopes[0] = s;
    slopes[1] = 1 - s;
    slopes[2] = -bend;
    slopes[3] = -bend * z * Math.sign(signedWidth);
    const residual = y[i]! - (lower + (upper - lower) * s);
    for (let a = 0; a < 4; a++) {
      gradient[a]! += slopes[a]! * residual;
      for (let b = 0; b < 4; b++) matrix[a]![b]! += slopes[a]! * slopes[b]!;
    }
  }
  return { matrix, gradient };
}

/** Gaussian elimination with partial pivoting; the damped matrix is positive definite. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++)
      if (Math.abs(rows[r]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = r;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let r = column + 1; r < n; r++) {
      const factor = rows[r]![column]! / rows[column]![column]!;
      for (let c = column; c <= n; c++) rows[r]![c]! -= factor * rows[column]![c]!;
    }
  }
  const solution = new Array<number>(n).fill(0);
  for (let r = n - 1; r >= 0; r--) {
    let rest = rows[r]![n]!;
    for (let c = r + 1; c < n; c++) rest -= rows[r]![c]! * solution[c]!;
    solution[r] = rest / rows[r]![r]!;
  }
  return solution;
}

function standardise(values: Float64Array): { values: Float64Array; mean: number; std: number } {
  const mean = values.reduce((total, value) => total + value / values.length, 0);
  const std = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2 / values.length, 0));
  return { values: values.map((value) => (value - mean) / std), mean, std };
}

function extremes(values: Float64Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

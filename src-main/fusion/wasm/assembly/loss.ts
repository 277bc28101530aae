// The hybrid training loss (paper, section 2.7, equations 13 to 16) and its slope by each prediction, in double precision.

/** Under this sum of squares a side counts as constant, and 1 - PLCC as 1 without a slope. */
const SMALLEST_SUM_OF_SQUARES: f64 = 1e-12;
const EPSILON: f64 = 1e-8;
/** Pairs whose targets differ by no more than this, in single precision, do not take part in the ranking. */
const SMALLEST_DIFFERENCE: f32 = 1e-3;
/** Powers of predictions farther than this from their mean are not used; e^(+-350), and quotients of two such, are still numbers. */
const FARTHEST: f64 = 350;
/** The logarithm of a product of pairs is taken before it leaves the range of numbers. */
const LARGEST_PRODUCT: f64 = 1e200;

/**
 * Squared error + lambdaPlcc (1 - PLCC) + lambdaRank times the softplus of the negative signed difference, mean over the ranked pairs.
 * `predictions` and `targets`: n float32 values; `slope`: n float32 values to be written; `workspace`: 2 n float64 values.
 */
export function hybridLoss(
  predictions: usize,
  targets: usize,
  n: i32,
  lambdaPlcc: f64,
  lambdaRank: f64,
  slope: usize,
  workspace: usize,
): f64 {
  let meanP: f64 = 0;
  let meanY: f64 = 0;
  for (let i = 0; i < n; i++) {
    meanP += at(predictions, i) / <f64>n;
    meanY += at(targets, i) / <f64>n;
  }
  let squares: f64 = 0;
  let uu: f64 = 0;
  let vv: f64 = 0;
  let uv: f64 = 0;
  for (let i = 0; i < n; i++) {
    const u = at(predictions, i) - meanP;
    const v = at(targets, i) - meanY;
    const error = at(predictions, i) - at(targets, i);
    squares += error * error;
    uu += u * u;
    vv += v * v;
    uv += u * v;
  }
  const defined = min(uu, vv) > SMALLEST_SUM_OF_SQUARES;
  const root = Math.sqrt(uu * vv);
  const plcc = defined ? uv / (root + EPSILON) : 0;
  const rankSlopes = workspace + (<usize>n << 3);
  const ranking = rankingLoss(predictions, targets, n, meanP, workspace, rankSlopes);
  for (let i = 0; i < n; i++) {
    let d = (2 * (at(predictions, i) - at(targets, i))) / <f64>n;
    if (defined) {
      const u = at(predictions, i) - meanP;
      const v = at(targets, i) - meanY;
      d -= (lambdaPlcc * (v - (u * plcc * vv) / root)) / (root + EPSILON);
    }
    d += lambdaRank * load<f64>(rankSlopes + (<usize>i << 3));
    store<f32>(slope + (<usize>i << 2), <f32>d);
  }
  return squares / <f64>n + lambdaPlcc * (1 - plcc) + lambdaRank * ranking;
}

/**
 * Mean over the ranked pairs of log(1 + e^-d), d the difference of the predictions of the better and the worse image; `slopes`: n float64
 * values to be written. With powers e^p per image, a pair takes two quotients and no exponential function.
 */
function rankingLoss(
  predictions: usize,
  targets: usize,
  n: i32,
  meanP: f64,
  powers: usize,
  slopes: usize,
): f64 {
  let far = false;
  for (let i = 0; i < n; i++) {
    const p = at(predictions, i) - meanP;
    if (Math.abs(p) > FARTHEST) far = true;
    store<f64>(powers + (<usize>i << 3), Math.exp(p));
  }
  memory.fill(slopes, 0, <usize>n << 3);
  let pairs = 0;
  let total: f64 = 0;
  for (let i = 0; i < n; i++) {
    const y = load<f32>(targets + (<usize>i << 2));
    const p = at(predictions, i);
    const power = load<f64>(powers + (<usize>i << 3));
    let product: f64 = 1;
    let own: f64 = 0;
    for (let j = i + 1; j < n; j++) {
      const other = load<f64>(powers + (<usize>j << 3));
      const byTarget = y - load<f32>(targets + (<usize>j << 2));
      // 1: image i is the better one, -1: image j, 0: the pair is not ranked
      const sign = i32(byTarget > SMALLEST_DIFFERENCE) - i32(byTarget < -SMALLEST_DIFFERENCE);
      const distance = p - at(predictions, j);
      const d = <f64>sign * distance;
      const ratio = far ? Math.exp(-Math.abs(distance)) : min(power, other) / max(power, other); // e^-|d|
      const whole = 1 + ratio;
      // log(1 + e^-d) = log(1 + e^-|d|) + max(-d, 0), and a sum of logarithms is that of the product.
      product *= sign == 0 ? 1 : whole;
      total += max(-d, 0);
      const sigmoid = (<f64>sign * (d >= 0 ? ratio : 1)) / whole;
      own -= sigmoid;
      const place = slopes + (<usize>j << 3);
      store<f64>(place, load<f64>(place) + sigmoid);
      pairs += sign * sign;
      if (product > LARGEST_PRODUCT) {
        total += Math.log(product);
        product = 1;
      }
    }
    total += Math.log(product);
    const place = slopes + (<usize>i << 3);
    store<f64>(place, load<f64>(place) + own);
  }
  if (pairs == 0) return 0;
  for (let i = 0; i < n; i++) {
    const place = slopes + (<usize>i << 3);
    store<f64>(place, load<f64>(place) / <f64>pairs);
  }
  return total / <f64>pairs;
}

// @ts-ignore: decorator
@inline
function at(values: usize, i: i32): f64 {
  return <f64>load<f32>(values + (<usize>i << 2));
}

// The hybrid training loss (paper, section 2.7, equations 13 to 16) and its slope by each prediction, in double precision.

import { sumOfLanes } from './vectors';

/** Under this sum of squares a side counts as constant, and 1 - PLCC as 1 without a slope. */
const SMALLEST_SUM_OF_SQUARES: f64 = 1e-12;
const EPSILON: f64 = 1e-8;
/** Pairs whose targets differ by no more than this, in single precision, do not take part in the ranking. */
const SMALLEST_DIFFERENCE: f32 = 1e-3;
/** Powers of predictions farther than this from their mean are not used; e^(+-350), and quotients of two such, are still numbers. */
const FARTHEST: f64 = 350;
/** The logarithm of a product of pairs is taken before it leaves the range of numbers: it grows by up to 2^CHUNK at a time. */
const LARGEST_PRODUCT: f64 = 1e150;
const CHUNK: i32 = 512;
/** Images that are compared with one at a time; vectors of the workspace have room for as many after their last value. */
const LANES: i32 = 4;
const PRODUCTS = memory.data(32, 16);
const SOFTPLUS = memory.data(32, 16);
const OWN = memory.data(32, 16);
const COUNTS = memory.data(32, 16);

/**
 * Squared error + lambdaPlcc (1 - PLCC) + lambdaRank times the softplus of the negative signed difference, mean over the ranked pairs.
 * `predictions` and `targets`: n float32 values; `slope`: n float32 values to be written; `workspace`: 5 (n + 4) float64 values.
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
  const ranking = rankingLoss(predictions, targets, n, meanP, workspace);
  for (let i = 0; i < n; i++) {
    let d = (2 * (at(predictions, i) - at(targets, i))) / <f64>n;
    if (defined) {
      const u = at(predictions, i) - meanP;
      const v = at(targets, i) - meanY;
      d -= (lambdaPlcc * (v - (u * plcc * vv) / root)) / (root + EPSILON);
    }
    d += lambdaRank * load<f64>(workspace + (<usize>i << 3));
    store<f32>(slope + (<usize>i << 2), <f32>d);
  }
  return squares / <f64>n + lambdaPlcc * (1 - plcc) + lambdaRank * ranking;
}

/**
 * Mean over the ranked pairs of log(1 + e^-d), d the difference of the predictions of the better and the worse image. Its slopes by the
 * predictions come first in the workspace.
 */
function rankingLoss(predictions: usize, targets: usize, n: i32, meanP: f64, workspace: usize): f64 {
  const vector = <usize>(n + LANES) << 3;
  const slopes = workspace;
  const p = slopes + vector;
  const powers = p + vector;
  const ratios = powers + vector;
  const y = ratios + vector;
  memory.fill(slopes, 0, vector);
  const far = copyPredictions(predictions, n, meanP, p, powers);
  for (let i = 0; i < n + LANES; i++) {
    store<f32>(y + (<usize>i << 2), i < n ? load<f32>(targets + (<usize>i << 2)) : NaN); // after the last one no pair is ranked
  }
  let pairs = 0;
  let total: f64 = 0;
  let product: f64 = 1;
  for (let i = 0; i < n; i++) {
    let own: f64 = 0;
    for (let first = i + 1; first < n; first += CHUNK) {
      const end = min(n, first + CHUNK);
      if (far) farRatios(p, i, first, end, ratios);
      else nearRatios(powers, i, first, end, ratios);
      rank(p, y, i, first, end, ratios, slopes);
      // log(1 + e^-d) = log(1 + e^-|d|) + max(-d, 0), and a sum of logarithms is that of the product.
      product *= load<f64>(PRODUCTS) * load<f64>(PRODUCTS, 8) * (load<f64>(PRODUCTS, 16) * load<f64>(PRODUCTS, 24));
      if (product > LARGEST_PRODUCT) {
        total += Math.log(product);
        product = 1;
      }
      total += sumOfLanes(SOFTPLUS);
      own += sumOfLanes(OWN);
      for (let lane = 0; lane < LANES; lane++) pairs += <i32>load<i64>(COUNTS + (<usize>lane << 3));
    }
    const place = slopes + (<usize>i << 3);
    store<f64>(place, load<f64>(place) - own);
  }
  if (pairs == 0) return 0;
  for (let i = 0; i < n; i++) {
    const place = slopes + (<usize>i << 3);
    store<f64>(place, load<f64>(place) / <f64>pairs);
  }
  return (total + Math.log(product)) / <f64>pairs;
}

/** Predictions in double precision, and e^(prediction - mean); true where one of these is out of range. */
function copyPredictions(predictions: usize, n: i32, meanP: f64, p: usize, powers: usize): bool {
  let far = false;
  for (let i = 0; i < n + LANES; i++) {
    const value = i < n ? at(predictions, i) : meanP;
    if (Math.abs(value - meanP) > FARTHEST) far = true;
    store<f64>(p + (<usize>i << 3), value);
    store<f64>(powers + (<usize>i << 3), Math.exp(value - meanP));
  }
  return far;
}

/** ratios[j] = e^-|p[i] - p[j]| for j in first .. end-1 and a few more, as the quotient of two powers. */
function nearRatios(powers: usize, i: i32, first: i32, end: i32, ratios: usize): void {
  const power = v128.load64_splat(powers + (<usize>i << 3));
  const last = <usize>end << 3;
  for (let j = <usize>first << 3; j < last; j += 32) {
    const other0 = v128.load(powers + j);
    const other1 = v128.load(powers + j, 16);
    const ratio0 = f64x2.div(f64x2.min(power, other0), f64x2.max(power, other0));
    const ratio1 = f64x2.div(f64x2.min(power, other1), f64x2.max(power, other1));
    v128.store(ratios + j, ratio0);
    v128.store(ratios + j, ratio1, 16);
  }
}

/** The same where powers are out of range. */
function farRatios(p: usize, i: i32, first: i32, end: i32, ratios: usize): void {
  const own = load<f64>(p + (<usize>i << 3));
  for (let j = <usize>first << 3; j < <usize>(end + LANES) << 3; j += 8) {
    store<f64>(ratios + j, Math.exp(-Math.abs(own - load<f64>(p + j))));
  }
}

/**
 * Image i with images first .. end-1, four at a time: leaves in PRODUCTS those of 1 + e^-|d|, in SOFTPLUS the sums of max(-d, 0), in OWN those
 * of each pair's slope by the other's prediction, which is added to `slopes` too, and in COUNTS the ranked pairs.
 */
function rank(p: usize, y: usize, i: i32, first: i32, end: i32, ratios: usize, slopes: usize): void {
  const own = v128.load64_splat(p + (<usize>i << 3));
  const target = v128.load32_splat(y + (<usize>i << 2));
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  let products0 = one;
  let products1 = one;
  let softplus0 = zero;
  let softplus1 = zero;
  let owns0 = zero;
  let owns1 = zero;
  let counts0 = zero;
  let counts1 = zero;
  for (let j = first; j < end; j += LANES) {
    const c = <usize>j << 3;
    const byTarget = f32x4.sub(target, v128.load(y + (<usize>j << 2)));
    const better = f32x4.gt(byTarget, f32x4.splat(SMALLEST_DIFFERENCE));
    const worse = f32x4.lt(byTarget, f32x4.splat(-SMALLEST_DIFFERENCE));
    const worse0 = i64x2.extend_low_i32x4_s(worse);
    const worse1 = i64x2.extend_high_i32x4_s(worse);
    const ranked0 = v128.or(i64x2.extend_low_i32x4_s(better), worse0);
    const ranked1 = v128.or(i64x2.extend_high_i32x4_s(better), worse1);
    const minus0 = v128.and(worse0, f64x2.splat(-0.0));
    const minus1 = v128.and(worse1, f64x2.splat(-0.0));
    const d0 = v128.xor(f64x2.sub(own, v128.load(p + c)), minus0);
    const d1 = v128.xor(f64x2.sub(own, v128.load(p + c, 16)), minus1);
    const ratio0 = v128.load(ratios + c);
    const ratio1 = v128.load(ratios + c, 16);
    const whole0 = f64x2.add(one, ratio0);
    const whole1 = f64x2.add(one, ratio1);
    products0 = f64x2.mul(products0, v128.bitselect(whole0, one, ranked0));
    products1 = f64x2.mul(products1, v128.bitselect(whole1, one, ranked1));
    softplus0 = f64x2.sub(softplus0, v128.and(ranked0, f64x2.min(d0, zero)));
    softplus1 = f64x2.sub(softplus1, v128.and(ranked1, f64x2.min(d1, zero)));
    const sigmoid0 = f64x2.div(v128.bitselect(ratio0, one, f64x2.ge(d0, zero)), whole0);
    const sigmoid1 = f64x2.div(v128.bitselect(ratio1, one, f64x2.ge(d1, zero)), whole1);
    const slope0 = v128.xor(v128.and(ranked0, sigmoid0), minus0);
    const slope1 = v128.xor(v128.and(ranked1, sigmoid1), minus1);
    owns0 = f64x2.add(owns0, slope0);
    owns1 = f64x2.add(owns1, slope1);
    counts0 = i64x2.sub(counts0, ranked0);
    counts1 = i64x2.sub(counts1, ranked1);
    const sum0 = f64x2.add(v128.load(slopes + c), slope0);
    const sum1 = f64x2.add(v128.load(slopes + c, 16), slope1);
    v128.store(slopes + c, sum0);
    v128.store(slopes + c, sum1, 16);
  }
  v128.store(PRODUCTS, products0);
  v128.store(PRODUCTS, products1, 16);
  v128.store(SOFTPLUS, softplus0);
  v128.store(SOFTPLUS, softplus1, 16);
  v128.store(OWN, owns0);
  v128.store(OWN, owns1, 16);
  v128.store(COUNTS, counts0);
  v128.store(COUNTS, counts1, 16);
}

// @ts-ignore: decorator
@inline
function at(values: usize, i: i32): f64 {
  return <f64>load<f32>(values + (<usize>i << 2));
}

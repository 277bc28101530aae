// Clip and AdamW in one pass over the parameters.

/** Entries whose squares are added up in single precision before they join the total. */
const SUM_BLOCK: i32 = 256;

/** Sum of the squares of `n` float32 values. */
export function sumOfSquares(values: usize, n: i32): f64 {
  let total: f64 = 0;
  let i = 0;
  for (; i + SUM_BLOCK <= n; i += SUM_BLOCK) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let k = 0; k < SUM_BLOCK; k += 16) {
      const at = values + (<usize>(i + k) << 2);
      a = f32x4.add(a, square(v128.load(at)));
      b = f32x4.add(b, square(v128.load(at, 16)));
      c = f32x4.add(c, square(v128.load(at, 32)));
      d = f32x4.add(d, square(v128.load(at, 48)));
    }
    const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    total +=
      <f64>f32x4.extract_lane(sum, 0) +
      <f64>f32x4.extract_lane(sum, 1) +
      <f64>f32x4.extract_lane(sum, 2) +
      <f64>f32x4.extract_lane(sum, 3);
  }
  for (; i < n; i++) {
    const value = <f64>load<f32>(values + (<usize>i << 2));
    total += value * value;
  }
  return total;
}

// @ts-ignore: decorator
@inline
function square(v: v128): v128 {
  return f32x4.mul(v, v);
}

/**
 * One step over `n` parameters p with gradient g and moments m and v (float32 each):
 * m = beta1 m + meanGain g; v = beta2 v + squareGain g^2; p = keep p - stepSize m / (sqrt(v) + epsilon).
 */
export function adamW(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
  beta1: f32,
  beta2: f32,
  meanGain: f32,
  squareGain: f32,
  keep: f32,
  stepSize: f32,
  epsilon: f32,
): void {
  const end = <usize>n << 2;
  const pairs = <usize>(n & ~7) << 2;
  const beta1s = f32x4.splat(beta1);
  const beta2s = f32x4.splat(beta2);
  const meanGains = f32x4.splat(meanGain);
  const squareGains = f32x4.splat(squareGain);
  const keeps = f32x4.splat(keep);
  const stepSizes = f32x4.splat(stepSize);
  const epsilons = f32x4.splat(epsilon);
  let at: usize = 0;
  for (; at < pairs; at += 32) {
    const gradient0 = v128.load(g + at);
    const gradient1 = v128.load(g + at, 16);
    const mean0 = weighted(beta1s, v128.load(m + at), meanGains, gradient0);
    const mean1 = weighted(beta1s, v128.load(m + at, 16), meanGains, gradient1);
    const power0 = weighted(beta2s, v128.load(v + at), squareGains, square(gradient0));
    const power1 = weighted(beta2s, v128.load(v + at, 16), squareGains, square(gradient1));
    const change0 = f32x4.div(f32x4.mul(stepSizes, mean0), f32x4.add(f32x4.sqrt(power0), epsilons));
    const change1 = f32x4.div(f32x4.mul(stepSizes, mean1), f32x4.add(f32x4.sqrt(power1), epsilons));
    const p0 = f32x4.sub(f32x4.mul(keeps, v128.load(p + at)), change0);
    const p1 = f32x4.sub(f32x4.mul(keeps, v128.load(p + at, 16)), change1);
    v128.store(m + at, mean0);
    v128.store(m + at, mean1, 16);
    v128.store(v + at, power0);
    v128.store(v + at, power1, 16);
    v128.store(p + at, p0);
    v128.store(p + at, p1, 16);
  }
  for (; at < end; at += 4) {
    const gradient = load<f32>(g + at);
    const mean = beta1 * load<f32>(m + at) + meanGain * gradient;
    const power = beta2 * load<f32>(v + at) + squareGain * (gradient * gradient);
    store<f32>(m + at, mean);
    store<f32>(v + at, power);
    const change = (stepSize * mean) / (sqrt<f32>(power) + epsilon);
    store<f32>(p + at, keep * load<f32>(p + at) - change);
  }
}

/** decay old + gain value */
// @ts-ignore: decorator
@inline
function weighted(decay: v128, old: v128, gain: v128, value: v128): v128 {
  return f32x4.add(f32x4.mul(decay, old), f32x4.mul(gain, value));
}

// Inner products and sums of float64 vectors.

const SUMS = memory.data(32, 16);

/** The inner product of two vectors of `n` values. */
export function dot(a: usize, b: usize, n: i32): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const at = <usize>i << 3;
    sum0 = f64x2.add(sum0, f64x2.mul(v128.load(a + at), v128.load(b + at)));
    sum1 = f64x2.add(sum1, f64x2.mul(v128.load(a + at, 16), v128.load(b + at, 16)));
    sum2 = f64x2.add(sum2, f64x2.mul(v128.load(a + at, 32), v128.load(b + at, 32)));
    sum3 = f64x2.add(sum3, f64x2.mul(v128.load(a + at, 48), v128.load(b + at, 48)));
  }
  v128.store(SUMS, f64x2.add(sum0, sum2));
  v128.store(SUMS, f64x2.add(sum1, sum3), 16);
  const sum = f64x2.add(v128.load(SUMS), v128.load(SUMS, 16));
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  for (; i < n; i++) total += load<f64>(a + (<usize>i << 3)) * load<f64>(b + (<usize>i << 3));
  return total;
}

/** y += factor x, `n` values. */
export function addScaled(y: usize, x: usize, factor: f64, n: i32): void {
  const factors = f64x2.splat(factor);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = <usize>i << 3;
    const low = f64x2.add(v128.load(y + at), f64x2.mul(factors, v128.load(x + at)));
    const high = f64x2.add(v128.load(y + at, 16), f64x2.mul(factors, v128.load(x + at, 16)));
    v128.store(y + at, low);
    v128.store(y + at, high, 16);
  }
  for (; i < n; i++) {
    const at = <usize>i << 3;
    store<f64>(y + at, load<f64>(y + at) + factor * load<f64>(x + at));
  }
}

/** The sum of four values side by side in memory, in which a loop left what its vectors added up. */
export function sumOfLanes(four: usize): f64 {
  return load<f64>(four) + load<f64>(four, 8) + (load<f64>(four, 16) + load<f64>(four, 24));
}

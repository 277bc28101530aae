// Eigenvalues of a symmetric tridiagonal matrix by bisection with Sturm sequences, eight side by side: one alone would wait for its
// divisions.

const LANES: i32 = 8;
const MIDDLES = memory.data(64, 16);
const COUNTS = memory.data(64, 16);
const LOWS = memory.data(64, 16);
const HIGHS = memory.data(64, 16);

/**
 * The `count` largest eigenvalues, largest first, of diagonal d[0..n) and squared subdiagonal squares[1..n), all of them within
 * +-`bound`, each to within `precision` or the spacing of numbers; a pivot under `tiny` counts as -tiny. float64.
 */
export function largestEigenvalues(
  d: usize,
  squares: usize,
  n: i32,
  count: i32,
  bound: f64,
  precision: f64,
  tiny: f64,
  values: usize,
): void {
  let upper = bound;
  for (let first = 0; first < count; first += LANES) {
    for (let lane = 0; lane < LANES; lane++) {
      store<f64>(LOWS + (<usize>lane << 3), -bound);
      store<f64>(HIGHS + (<usize>lane << 3), upper);
    }
    while (findMiddles(precision)) {
      countAbove(d, squares, n, tiny);
      tighten(first);
    }
    for (let lane = 0; lane < LANES && first + lane < count; lane++) {
      upper = load<f64>(HIGHS + (<usize>lane << 3));
      store<f64>(values + (<usize>(first + lane) << 3), upper);
    }
  }
}

/** Puts the middle of each lane's interval into MIDDLES; false where no interval can be halved any more. */
function findMiddles(precision: f64): bool {
  let open = false;
  for (let lane = 0; lane < LANES; lane++) {
    const at = <usize>lane << 3;
    const low = load<f64>(LOWS + at);
    const high = load<f64>(HIGHS + at);
    const middle = (low + high) / 2;
    store<f64>(MIDDLES + at, middle);
    if (middle > low && middle < high && high - low > precision) open = true;
  }
  return open;
}

/** Every lane's interval learns from every count: eigenvalue k (from 0) lies above x where more than k do. */
function tighten(first: i32): void {
  for (let other = 0; other < LANES; other++) {
    const x = load<f64>(MIDDLES + (<usize>other << 3));
    const above = <i32>load<i64>(COUNTS + (<usize>other << 3));
    for (let lane = 0; lane < LANES; lane++) {
      const at = <usize>lane << 3;
      if (above > first + lane) {
        if (x > load<f64>(LOWS + at)) store<f64>(LOWS + at, x);
      } else if (x < load<f64>(HIGHS + at)) store<f64>(HIGHS + at, x);
    }
  }
}

/** How many eigenvalues lie above each lane's middle: the positive pivots of T - x I. */
function countAbove(d: usize, squares: usize, n: i32, tiny: f64): void {
  const x0 = v128.load(MIDDLES);
  const x1 = v128.load(MIDDLES, 16);
  const x2 = v128.load(MIDDLES, 32);
  const x3 = v128.load(MIDDLES, 48);
  let pivot0 = f64x2.splat(1);
  let pivot1 = pivot0;
  let pivot2 = pivot0;
  let pivot3 = pivot0;
  let count0 = i64x2.splat(0);
  let count1 = count0;
  let count2 = count0;
  let count3 = count0;
  const tinies = f64x2.splat(tiny);
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 3;
    const diagonal = v128.load64_splat(d + at);
    const square = f64x2.splat(i == 0 ? 0 : load<f64>(squares + at));
    pivot0 = nextPivot(diagonal, square, x0, pivot0, tinies);
    pivot1 = nextPivot(diagonal, square, x1, pivot1, tinies);
    pivot2 = nextPivot(diagonal, square, x2, pivot2, tinies);
    pivot3 = nextPivot(diagonal, square, x3, pivot3, tinies);
    const zero = f64x2.splat(0);
    count0 = i64x2.sub(count0, f64x2.gt(pivot0, zero));
    count1 = i64x2.sub(count1, f64x2.gt(pivot1, zero));
    count2 = i64x2.sub(count2, f64x2.gt(pivot2, zero));
    count3 = i64x2.sub(count3, f64x2.gt(pivot3, zero));
  }
  v128.store(COUNTS, count0);
  v128.store(COUNTS, count1, 16);
  v128.store(COUNTS, count2, 32);
  v128.store(COUNTS, count3, 48);
}

// @ts-ignore: decorator
@inline
function nextPivot(diagonal: v128, square: v128, x: v128, pivot: v128, tiny: v128): v128 {
  const next = f64x2.sub(f64x2.sub(diagonal, x), f64x2.div(square, pivot));
  return v128.bitselect(f64x2.neg(tiny), next, f64x2.lt(f64x2.abs(next), tiny));
}

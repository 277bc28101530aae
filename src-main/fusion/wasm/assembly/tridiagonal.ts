// Householder reduction of a symmetric matrix to tridiagonal form (EISPACK tred1's order: from the last row up, on the
// lower triangle), and the way back for eigenvectors. The rank-two update of one step and the product A u of the next
// are one pass over memory, which is what such a reduction is bound by.

import { addScaled, dot, sumOfLanes } from './vectors';

const SUMS = memory.data(32, 16);

/**
 * Reduces the lower triangle of the n x n matrix `a` (float64, row-major) to diagonal d[0..n) and subdiagonal e[1..n), e[i]
 * between i - 1 and i. Row i then holds the vector u of its reflection I - u u' / h[i] in columns 0 .. i-1; h[i] = 0: none.
 * Off-diagonal parts of a squared length up to `negligible` count as 0. `q` and `p`: workspace of n values each, q all 0.
 */
export function tridiagonalize(
  a: usize,
  n: i32,
  d: usize,
  e: usize,
  h: usize,
  q: usize,
  p: usize,
  negligible: f64,
): void {
  const row = <usize>n << 3;
  let previous = q; // u of the step before; the first step has none, and q is 0
  for (let i = n - 1; i > 0; i--) {
    const u = a + <usize>i * row;
    const at = <usize>i << 3;
    updateRow(u, load<f64>(previous + at), load<f64>(q + at), previous, q, i);
    store<f64>(d + at, load<f64>(u + at) - 2 * load<f64>(previous + at) * load<f64>(q + at));
    const last = u + at - 8;
    const side = dot(u, u, i - 1);
    const x = load<f64>(last);
    let height: f64 = 0;
    if (side <= negligible) {
      store<f64>(e + at, x);
      memory.fill(u, 0, at);
    } else {
      const length = Math.sqrt(side + x * x);
      const alpha = x > 0 ? -length : length;
      store<f64>(e + at, alpha);
      store<f64>(last, x - alpha);
      height = alpha * (alpha - x);
    }
    store<f64>(h + at, height);
    updateAndMultiply(a, row, previous, q, u, p, i);
    if (height > 0) {
      scaleBy(p, 1 / height, i);
      addScaled(p, u, dot(u, p, i) / (-2 * height), i);
    }
    const used = q;
    q = p;
    p = used;
    previous = u;
  }
  store<f64>(d, load<f64>(a) - 2 * load<f64>(previous) * load<f64>(q));
}

/** row[0..length) -= uj q + qj u */
function updateRow(row: usize, uj: f64, qj: f64, u: usize, q: usize, length: i32): void {
  addScaled(row, q, -uj, length);
  addScaled(row, u, -qj, length);
}

/** Applies the update of u and q to rows 0 .. size-1 of the lower triangle and gives p = A next of the updated A. */
function updateAndMultiply(
  a: usize,
  row: usize,
  u: usize,
  q: usize,
  next: usize,
  p: usize,
  size: i32,
): void {
  for (let j = 0; j < size; j++) {
    const line = a + <usize>j * row;
    const at = <usize>j << 3;
    const uj = load<f64>(u + at);
    const qj = load<f64>(q + at);
    const nextJ = load<f64>(next + at);
    const whole = <usize>(j & ~3) << 3;
    const ujs = f64x2.splat(uj);
    const qjs = f64x2.splat(qj);
    const nextJs = f64x2.splat(nextJ);
    let sums0 = f64x2.splat(0);
    let sums1 = sums0;
    for (let c: usize = 0; c < whole; c += 32) {
      const entries0 = updated(v128.load(line + c), ujs, v128.load(q + c), qjs, v128.load(u + c));
      const entries1 = updated(v128.load(line + c, 16), ujs, v128.load(q + c, 16), qjs, v128.load(u + c, 16));
      sums0 = f64x2.add(sums0, f64x2.mul(entries0, v128.load(next + c)));
      sums1 = f64x2.add(sums1, f64x2.mul(entries1, v128.load(next + c, 16)));
      const p0 = f64x2.add(v128.load(p + c), f64x2.mul(entries0, nextJs));
      const p1 = f64x2.add(v128.load(p + c, 16), f64x2.mul(entries1, nextJs));
      v128.store(line + c, entries0);
      v128.store(line + c, entries1, 16);
      v128.store(p + c, p0);
      v128.store(p + c, p1, 16);
    }
    v128.store(SUMS, sums0);
    v128.store(SUMS, sums1, 16);
    let sum = sumOfLanes(SUMS);
    for (let c = whole; c < at; c += 8) {
      const entry = load<f64>(line + c) - uj * load<f64>(q + c) - qj * load<f64>(u + c);
      store<f64>(line + c, entry);
      sum += entry * load<f64>(next + c);
      store<f64>(p + c, load<f64>(p + c) + entry * nextJ);
    }
    const diagonal = load<f64>(line + at) - 2 * uj * qj;
    store<f64>(line + at, diagonal);
    store<f64>(p + at, sum + diagonal * nextJ);
  }
}

/** entries - uj q - qj u */
// @ts-ignore: decorator
@inline
function updated(entries: v128, uj: v128, q: v128, qj: v128, u: v128): v128 {
  return f64x2.sub(f64x2.sub(entries, f64x2.mul(uj, q)), f64x2.mul(qj, u));
}

function scaleBy(x: usize, factor: f64, n: i32): void {
  for (let i = 0; i < n; i++) {
    const at = x + (<usize>i << 3);
    store<f64>(at, load<f64>(at) * factor);
  }
}

/** Eigenvectors of the tridiagonal matrix (count rows of n values), in place, to those of the matrix that was reduced. */
export function backTransform(a: usize, n: i32, h: usize, vectors: usize, count: i32): void {
  const row = <usize>n << 3;
  for (let k = 0; k < count; k++) {
    const vector = vectors + <usize>k * row;
    for (let i = 1; i < n; i++) {
      const height = load<f64>(h + (<usize>i << 3));
      if (height == 0) continue;
      const u = a + <usize>i * row;
      addScaled(vector, u, -dot(u, vector, i) / height, i);
    }
  }
}

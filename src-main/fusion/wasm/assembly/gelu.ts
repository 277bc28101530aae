// Exact GELU with dropout (paper, section 2.6): value and slope in one pass over a layer.

/**
 * Constants, each four times: V8 puts a splat constant together anew for every four values. Reading them from here took a quarter off
 * the time of the pass.
 */
const TABLE = memory.data<f32>(
  [
    // Phi = 1 - q for x >= 0 and q below, q = (a1 k + ... + a5 k^5) e^(-x^2/2), k = 1 / (1 + p |x|): Abramowitz and Stegun, 7.1.26,
    // off by less than 1e-7; PyTorch's CPU kernels have the same formula. First p / sqrt(2), then a1 / 2 to a5 / 2.
    0.23164189, 0.23164189, 0.23164189, 0.23164189,
    0.127414796, 0.127414796, 0.127414796, 0.127414796,
    -0.142248368, -0.142248368, -0.142248368, -0.142248368,
    0.7107068705, 0.7107068705, 0.7107068705, 0.7107068705,
    -0.7265760135, -0.7265760135, -0.7265760135, -0.7265760135,
    0.5307027145, 0.5307027145, 0.5307027145, 0.5307027145,
    // 2^f on [-1/2, 1/2] as a polynomial with the smallest relative error, 7.5e-8; the coefficients of 1 to f^5.
    1.0000001192092896, 1.0000001192092896, 1.0000001192092896, 1.0000001192092896,
    0.6931469440460205, 0.6931469440460205, 0.6931469440460205, 0.6931469440460205,
    0.24022120237350464, 0.24022120237350464, 0.24022120237350464, 0.24022120237350464,
    0.05550713092088699, 0.05550713092088699, 0.05550713092088699, 0.05550713092088699,
    0.009675540961325169, 0.009675540961325169, 0.009675540961325169, 0.009675540961325169,
    0.001327647129073739, 0.001327647129073739, 0.001327647129073739, 0.001327647129073739,
    // -log2(e) / 2; the smallest exponent; 1.5 * 2^23, which leaves the nearest whole number in the lowest bits; 1 / sqrt(2 pi); 1.
    -0.7213475204444817, -0.7213475204444817, -0.7213475204444817, -0.7213475204444817,
    -125, -125, -125, -125,
    12582912, 12582912, 12582912, 12582912,
    0.3989422804014327, 0.3989422804014327, 0.3989422804014327, 0.3989422804014327,
    1, 1, 1, 1,
  ],
  16,
);
const P = TABLE;
const A1 = TABLE + 16;
const A2 = TABLE + 32;
const A3 = TABLE + 48;
const A4 = TABLE + 64;
const A5 = TABLE + 80;
const C0 = TABLE + 96;
const C1 = TABLE + 112;
const C2 = TABLE + 128;
const C3 = TABLE + 144;
const C4 = TABLE + 160;
const C5 = TABLE + 176;
const EXPONENT = TABLE + 192;
const SMALLEST = TABLE + 208;
const ROUND = TABLE + 224;
const DENSITY = TABLE + 240;
const ONE = TABLE + 256;

/**
 * h = mask x Phi(x) and, in the place of x, mask (Phi(x) + x phi(x)), the slope of h by x: `n` float32 values each. The memory after
 * the last value of x and h is written to as well, up to a multiple of 8 values.
 */
export function gelu(x: usize, mask: usize, h: usize, n: i32): void {
  const end = <usize>n << 2;
  for (let at: usize = 0; at < end; at += 32) {
    const value0 = v128.load(x + at);
    const value1 = v128.load(x + at, 16);
    const gain0 = v128.load(mask + at);
    const gain1 = v128.load(mask + at, 16);
    const power0 = bell(value0);
    const power1 = bell(value1);
    const phi0 = cumulative(value0, power0);
    const phi1 = cumulative(value1, power1);
    const slope0 = f32x4.relaxed_madd(value0, f32x4.mul(v128.load(DENSITY), power0), phi0);
    const slope1 = f32x4.relaxed_madd(value1, f32x4.mul(v128.load(DENSITY), power1), phi1);
    v128.store(h + at, f32x4.mul(f32x4.mul(gain0, value0), phi0));
    v128.store(h + at, f32x4.mul(f32x4.mul(gain1, value1), phi1), 16);
    v128.store(x + at, f32x4.mul(gain0, slope0));
    v128.store(x + at, f32x4.mul(gain1, slope1), 16);
  }
}

/** Phi(x), given e^(-x^2/2). */
// @ts-ignore: decorator
@inline
function cumulative(x: v128, power: v128): v128 {
  const k = f32x4.div(v128.load(ONE), linear(ONE, P, f32x4.abs(x)));
  const k2 = f32x4.mul(k, k);
  const high = f32x4.relaxed_madd(k2, v128.load(A5), linear(A3, A4, k));
  const series = f32x4.relaxed_madd(k2, high, linear(A1, A2, k));
  const q = f32x4.mul(f32x4.mul(series, k), power);
  return v128.bitselect(q, f32x4.sub(v128.load(ONE), q), f32x4.lt(x, f32x4.splat(0)));
}

/** e^(-x^2/2), within 2e-7 of itself near 0; below 2^-125 it is that. */
// @ts-ignore: decorator
@inline
function bell(x: v128): v128 {
  const exponent = f32x4.pmax(f32x4.mul(f32x4.mul(x, x), v128.load(EXPONENT)), v128.load(SMALLEST));
  const shifted = f32x4.add(exponent, v128.load(ROUND));
  const f = f32x4.sub(exponent, f32x4.sub(shifted, v128.load(ROUND)));
  const f2 = f32x4.mul(f, f);
  const high = f32x4.relaxed_madd(f2, linear(C4, C5, f), linear(C2, C3, f));
  const series = f32x4.relaxed_madd(f2, high, linear(C0, C1, f));
  return i32x4.add(series, i32x4.shl(shifted, 23)); // times 2^whole
}

/** a + b x, a and b being addresses of constants. */
// @ts-ignore: decorator
@inline
function linear(a: usize, b: usize, x: v128): v128 {
  return f32x4.relaxed_madd(v128.load(b), x, v128.load(a));
}

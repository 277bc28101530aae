// Inverse 32-point complex DFTs, four of them in the four lanes, unnormalised: X[p] = sum x[n] exp(+2 pi i n p / 32).
//
// 32 = 4 x 8: with n = j + 8 a and p = k + 4 m, eight 4-point DFTs over a (`first...`), twiddle factors, then four
// 8-point DFTs over j (`second...`). The first stage leaves its result in SCRATCH; so input and output may be the
// same buffer, and a filter or a magnitude can be fused into either end. A complex vector is 32 bytes: four real
// parts, four imaginary parts. A forward DFT is an inverse one with real and imaginary parts swapped on both ends.

const SCRATCH: usize = memory.data(32 * 32, 16);
/** For j = 0 .. 7: exp(2 pi i j k / 32), k = 1 .. 3, each splatted: re, im. */
const TWIDDLES: usize = memory.data(8 * 96, 16);

export function initFft(): void {
  for (let j = 0; j < 8; j++) {
    for (let k = 1; k < 4; k++) {
      const angle = 2.0 * Math.PI * f64(j * k) / 32.0;
      const address = TWIDDLES + j * 96 + (k - 1) * 32;
      v128.store(address, f32x4.splat(f32(Math.cos(angle))));
      v128.store(address, f32x4.splat(f32(Math.sin(angle))), 16);
    }
  }
}

/** First stage of a forward DFT of 32 consecutive complex vectors. */
export function firstForward(source: usize): void {
  for (let j = 0; j < 8; j++) {
    const at = source + j * 32;
    fourPoint(
      j,
      v128.load(at, 16), v128.load(at),
      v128.load(at, 272), v128.load(at, 256),
      v128.load(at, 528), v128.load(at, 512),
      v128.load(at, 784), v128.load(at, 768),
    );
  }
}

/**
 * First stage of an inverse DFT of 32 consecutive spectrum values, one lane of each (`source` is the address of the
 * lane's first real part), multiplied by four real filters: `filter` holds 32 vectors.
 */
export function firstFiltered(source: usize, filter: usize): void {
  for (let j = 0; j < 8; j++) {
    const at = source + j * 32;
    const gain = filter + j * 16;
    const g0 = v128.load(gain);
    const g1 = v128.load(gain, 128);
    const g2 = v128.load(gain, 256);
    const g3 = v128.load(gain, 384);
    fourPoint(
      j,
      f32x4.mul(g0, v128.load32_splat(at)), f32x4.mul(g0, v128.load32_splat(at, 16)),
      f32x4.mul(g1, v128.load32_splat(at, 256)), f32x4.mul(g1, v128.load32_splat(at, 272)),
      f32x4.mul(g2, v128.load32_splat(at, 512)), f32x4.mul(g2, v128.load32_splat(at, 528)),
      f32x4.mul(g3, v128.load32_splat(at, 768)), f32x4.mul(g3, v128.load32_splat(at, 784)),
    );
  }
}

/** First stage of an inverse DFT of 32 complex vectors of which the upper 16 are stored conjugated. */
export function firstUpperConjugated(source: usize): void {
  for (let j = 0; j < 8; j++) {
    const at = source + j * 32;
    const x0r = v128.load(at), x0i = v128.load(at, 16);
    const x1r = v128.load(at, 256), x1i = v128.load(at, 272);
    const x2r = v128.load(at, 512), x2i = v128.load(at, 528);
    const x3r = v128.load(at, 768), x3i = v128.load(at, 784);
    fourPointSums(
      j,
      f32x4.add(x0r, x2r), f32x4.sub(x0i, x2i), f32x4.sub(x0r, x2r), f32x4.add(x0i, x2i),
      f32x4.add(x1r, x3r), f32x4.sub(x1i, x3i), f32x4.sub(x1r, x3r), f32x4.add(x1i, x3i),
    );
  }
}

/** Second stage of a forward DFT, to 32 consecutive complex vectors. */
export function secondForward(target: usize): void {
  for (let k = 0; k < 4; k++) eightPoint(SCRATCH + k * 256, target + k * 32, 128, FORWARD);
}

/** Second stage of an inverse DFT, to 32 complex vectors `stride` bytes apart. */
export function secondStrided(target: usize, stride: usize): void {
  for (let k: usize = 0; k < 4; k++) eightPoint(SCRATCH + k * 256, target + k * stride, stride * 4, STRIDED);
}

/** Second stage of an inverse DFT; the magnitudes go to 32 consecutive vectors. Returns their sum over the 32. */
export function secondMagnitude(target: usize): v128 {
  let sum = f32x4.splat(0);
  for (let k = 0; k < 4; k++) sum = f32x4.add(sum, eightPoint(SCRATCH + k * 256, target + k * 16, 64, MAGNITUDE));
  return sum;
}

// @ts-ignore: decorator
@inline
function fourPoint(j: i32, x0r: v128, x0i: v128, x1r: v128, x1i: v128, x2r: v128, x2i: v128, x3r: v128, x3i: v128): void {
  fourPointSums(
    j,
    f32x4.add(x0r, x2r), f32x4.add(x0i, x2i), f32x4.sub(x0r, x2r), f32x4.sub(x0i, x2i),
    f32x4.add(x1r, x3r), f32x4.add(x1i, x3i), f32x4.sub(x1r, x3r), f32x4.sub(x1i, x3i),
  );
}

/** The rest of a 4-point DFT from x0 + x2, x0 - x2, x1 + x3, x1 - x3; twiddled into SCRATCH[k * 8 + j]. */
// @ts-ignore: decorator
@inline
function fourPointSums(j: i32, ar: v128, ai: v128, br: v128, bi: v128, cr: v128, ci: v128, dr: v128, di: v128): void {
  const target = SCRATCH + j * 32;
  const twiddle = TWIDDLES + j * 96;
  v128.store(target, f32x4.add(ar, cr));
  v128.store(target, f32x4.add(ai, ci), 16);
  storeProduct(target + 256, f32x4.sub(br, di), f32x4.add(bi, dr), twiddle);
  storeProduct(target + 512, f32x4.sub(ar, cr), f32x4.sub(ai, ci), twiddle + 32);
  storeProduct(target + 768, f32x4.add(br, di), f32x4.sub(bi, dr), twiddle + 64);
}

// @ts-ignore: decorator
@inline
function storeProduct(target: usize, re: v128, im: v128, twiddle: usize): void {
  const c = v128.load(twiddle);
  const s = v128.load(twiddle, 16);
  v128.store(target, f32x4.sub(f32x4.mul(re, c), f32x4.mul(im, s)));
  v128.store(target, f32x4.add(f32x4.mul(re, s), f32x4.mul(im, c)), 16);
}

/** Where the eight results go: constants, so that the compiler drops the other branches. */
const FORWARD: i32 = 0;
const STRIDED: i32 = 1;
const MAGNITUDE: i32 = 2;

/** 8-point DFT of eight consecutive complex vectors; result m goes to target + m * step. Returns sums of magnitudes. */
// @ts-ignore: decorator
@inline
function eightPoint(source: usize, target: usize, step: usize, mode: i32): v128 {
  const x0r = v128.load(source), x0i = v128.load(source, 16);
  const x4r = v128.load(source, 128), x4i = v128.load(source, 144);
  const x2r = v128.load(source, 64), x2i = v128.load(source, 80);
  const x6r = v128.load(source, 192), x6i = v128.load(source, 208);
  const ar = f32x4.add(x0r, x4r), ai = f32x4.add(x0i, x4i);
  const br = f32x4.sub(x0r, x4r), bi = f32x4.sub(x0i, x4i);
  const cr = f32x4.add(x2r, x6r), ci = f32x4.add(x2i, x6i);
  const dr = f32x4.sub(x2r, x6r), di = f32x4.sub(x2i, x6i);
  const e0r = f32x4.add(ar, cr), e0i = f32x4.add(ai, ci);
  const e2r = f32x4.sub(ar, cr), e2i = f32x4.sub(ai, ci);
  const e1r = f32x4.sub(br, di), e1i = f32x4.add(bi, dr);
  const e3r = f32x4.add(br, di), e3i = f32x4.sub(bi, dr);

  const x1r = v128.load(source, 32), x1i = v128.load(source, 48);
  const x5r = v128.load(source, 160), x5i = v128.load(source, 176);
  const x3r = v128.load(source, 96), x3i = v128.load(source, 112);
  const x7r = v128.load(source, 224), x7i = v128.load(source, 240);
  const fr = f32x4.add(x1r, x5r), fi = f32x4.add(x1i, x5i);
  const gr = f32x4.sub(x1r, x5r), gi = f32x4.sub(x1i, x5i);
  const hr = f32x4.add(x3r, x7r), hi = f32x4.add(x3i, x7i);
  const ir = f32x4.sub(x3r, x7r), ii = f32x4.sub(x3i, x7i);

  let sum = f32x4.splat(0);
  // m = 0, 4
  const o0r = f32x4.add(fr, hr), o0i = f32x4.add(fi, hi);
  sum = emit(target, f32x4.add(e0r, o0r), f32x4.add(e0i, o0i), mode, sum);
  sum = emit(target + 4 * step, f32x4.sub(e0r, o0r), f32x4.sub(e0i, o0i), mode, sum);
  // m = 2, 6: times i
  const o2r = f32x4.sub(fr, hr), o2i = f32x4.sub(fi, hi);
  sum = emit(target + 2 * step, f32x4.sub(e2r, o2i), f32x4.add(e2i, o2r), mode, sum);
  sum = emit(target + 6 * step, f32x4.add(e2r, o2i), f32x4.sub(e2i, o2r), mode, sum);
  // m = 1, 5: times (1 + i) / sqrt 2
  const half = f32x4.splat(0.7071067811865476);
  const o1r = f32x4.sub(gr, ii), o1i = f32x4.add(gi, ir);
  const p1r = f32x4.mul(half, f32x4.sub(o1r, o1i)), p1i = f32x4.mul(half, f32x4.add(o1r, o1i));
  sum = emit(target + step, f32x4.add(e1r, p1r), f32x4.add(e1i, p1i), mode, sum);
  sum = emit(target + 5 * step, f32x4.sub(e1r, p1r), f32x4.sub(e1i, p1i), mode, sum);
  // m = 3, 7: times (-1 + i) / sqrt 2
  const o3r = f32x4.add(gr, ii), o3i = f32x4.sub(gi, ir);
  const p3r = f32x4.mul(half, f32x4.add(o3r, o3i)), p3i = f32x4.mul(half, f32x4.sub(o3r, o3i));
  sum = emit(target + 3 * step, f32x4.sub(e3r, p3r), f32x4.add(e3i, p3i), mode, sum);
  sum = emit(target + 7 * step, f32x4.add(e3r, p3r), f32x4.sub(e3i, p3i), mode, sum);
  return sum;
}

// @ts-ignore: decorator
@inline
function emit(target: usize, re: v128, im: v128, mode: i32, sum: v128): v128 {
  if (mode == MAGNITUDE) {
    const magnitude = f32x4.sqrt(f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im)));
    v128.store(target, magnitude);
    return f32x4.add(sum, magnitude);
  }
  v128.store(target, mode == FORWARD ? im : re);
  v128.store(target, mode == FORWARD ? re : im, 16);
  return sum;
}

// Dropout masks from four xoshiro128** side by side (random.ts has the same generator for single draws).

/** Entries that one draw of the four generators decides. */
const GROUP: i32 = 8;
const scratch = memory.data(32, 16);

/**
 * Fills `n` float32 entries with 0 where 16 random bits are below `threshold`, else with `kept`. Each draw decides eight entries: the
 * low halves of the four numbers, then their high halves. `state`: four words a, b, c, d for each of the four generators, a of all of them
 * first; left after the last draw.
 */
export function fillDropoutMask(mask: usize, n: i32, threshold: u32, kept: f32, state: usize): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  const limit = i32x4.splat(threshold);
  const keeps = f32x4.splat(kept);
  for (let i = 0; i < n; i += GROUP) {
    const bits = i32x4.mul(rotl(i32x4.mul(b, i32x4.splat(5)), 7), i32x4.splat(9));
    const shifted = i32x4.shl(b, 9);
    c = v128.xor(c, a);
    d = v128.xor(d, b);
    b = v128.xor(b, c);
    a = v128.xor(a, d);
    c = v128.xor(c, shifted);
    d = rotl(d, 11);
    const low = v128.and(bits, i32x4.splat(0xffff));
    const high = i32x4.shr_u(bits, 16);
    const whole = i + GROUP <= n;
    const at = whole ? mask + (<usize>i << 2) : scratch;
    v128.store(at, v128.andnot(keeps, i32x4.lt_u(low, limit)));
    v128.store(at, v128.andnot(keeps, i32x4.lt_u(high, limit)), 16);
    if (!whole) memory.copy(mask + (<usize>i << 2), scratch, <usize>(n - i) << 2);
  }
  v128.store(state, a);
  v128.store(state, b, 16);
  v128.store(state, c, 32);
  v128.store(state, d, 48);
}

// @ts-ignore: decorator
@inline
function rotl(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

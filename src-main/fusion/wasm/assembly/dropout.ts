// Dropout masks from xoshiro128** (random.ts has the same generator for single draws).

/**
 * Fills `n` float32 entries with 0 where 16 random bits are below `threshold`, else with `kept`; each draw of 32 bits
 * decides two entries, low half first. `state`: the generator's four words, left after the last draw.
 */
export function fillDropoutMask(mask: usize, n: i32, threshold: u32, kept: f32, state: usize): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  const keptBits = reinterpret<u32>(kept);
  for (let i = 0; i < n; i += 2) {
    const bits = rotl<u32>(b * 5, 7) * 9;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotl<u32>(d, 11);
    const at = mask + (<usize>i << 2);
    store<u32>(at, select<u32>(0, keptBits, (bits & 0xffff) < threshold));
    if (i + 1 < n) store<u32>(at, select<u32>(0, keptBits, bits >>> 16 < threshold), 4);
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
}

// The pairs of a batch that are ranked.

/**
 * signs[i * n + j] = sgn(y_j - y_i) where |y_j - y_i| > smallest (the difference in float32), else 0; gives the number of such
 * ordered pairs. `targets`: n float32 values.
 */
export function pairSigns(targets: usize, n: i32, smallest: f32, signs: usize): i32 {
  let counts = i32x4.splat(0); // minus the pairs, lane by lane
  let pairs = 0;
  for (let i = 0; i < n; i++) {
    const y = load<f32>(targets + (<usize>i << 2));
    const row = signs + ((<usize>i * n) << 2);
    const ys = f32x4.splat(y);
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      const difference = f32x4.sub(v128.load(targets + (<usize>j << 2)), ys);
      const above = f32x4.gt(difference, f32x4.splat(smallest));
      const below = f32x4.lt(difference, f32x4.splat(-smallest));
      v128.store(row + (<usize>j << 2), f32x4.convert_i32x4_s(i32x4.sub(below, above)));
      counts = i32x4.add(counts, i32x4.add(above, below));
    }
    for (; j < n; j++) {
      const difference = load<f32>(targets + (<usize>j << 2)) - y;
      const above = i32(difference > smallest);
      const below = i32(difference < -smallest);
      store<f32>(row + (<usize>j << 2), <f32>(above - below));
      pairs += above + below;
    }
  }
  return (
    pairs -
    i32x4.extract_lane(counts, 0) -
    i32x4.extract_lane(counts, 1) -
    i32x4.extract_lane(counts, 2) -
    i32x4.extract_lane(counts, 3)
  );
}

// The pairs of a batch that are ranked.

/**
 * signs[i * n + j] = sgn(y_j - y_i) where |y_j - y_i| > smallest (the difference in float32), else 0; gives the number of such
 * ordered pairs. `targets`: n float32 values.
 */
export function pairSigns(targets: usize, n: i32, smallest: f32, signs: usize): i32 {
  let pairs = 0;
  for (let i = 0; i < n; i++) {
    const y = load<f32>(targets + (<usize>i << 2));
    const row = signs + ((<usize>i * n) << 2);
    for (let j = 0; j < n; j++) {
      const difference = load<f32>(targets + (<usize>j << 2)) - y;
      const above = i32(difference > smallest);
      const below = i32(difference < -smallest);
      store<f32>(row + (<usize>j << 2), <f32>(above - below));
      pairs += above + below;
    }
  }
  return pairs;
}

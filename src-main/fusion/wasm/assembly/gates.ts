// Gates (paper, section 2.5, equation 7): one factor in (0, 2) per stream and image.

/** In place, logits to gates: 2 sigmoid(x) for `n` float32 values. */
export function toGates(logits: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const at = logits + (<usize>i << 2);
    store<f32>(at, <f32>(2 / (1 + Math.exp(-(<f64>load<f32>(at))))));
  }
}

/**
 * gated = x times the gate of each column's stream: x and gated [n, width], gates [streams, n], `widths` the streams' as int32, in the
 * order of the columns.
 */
export function applyGates(
  x: usize,
  gates: usize,
  widths: usize,
  streams: i32,
  n: i32,
  gated: usize,
): void {
  for (let j = 0; j < n; j++) {
    for (let s = 0; s < streams; s++) {
      const gate = load<f32>(gates + (<usize>(s * n + j) << 2));
      const end = x + (<usize>load<i32>(widths + (<usize>s << 2)) << 2);
      for (; x + 16 <= end; x += 16) {
        v128.store(gated, f32x4.mul(f32x4.splat(gate), v128.load(x)));
        gated += 16;
      }
      for (; x < end; x += 4) {
        store<f32>(gated, gate * load<f32>(x));
        gated += 4;
      }
    }
  }
}

/**
 * From the loss's slope by the gated features, `slope` [n, width], that by the logits [streams, n], in the place of the gates: the gate g =
 * 2 sigmoid(logit) has the slope g (1 - g / 2).
 */
export function backThroughGates(
  slope: usize,
  x: usize,
  gates: usize,
  widths: usize,
  streams: i32,
  n: i32,
): void {
  for (let j = 0; j < n; j++) {
    for (let s = 0; s < streams; s++) {
      const at = gates + (<usize>(s * n + j) << 2);
      const gate = load<f32>(at);
      const end = x + (<usize>load<i32>(widths + (<usize>s << 2)) << 2);
      let sums = f32x4.splat(0);
      for (; x + 16 <= end; x += 16) {
        sums = f32x4.add(sums, f32x4.mul(v128.load(slope), v128.load(x)));
        slope += 16;
      }
      let sum =
        f32x4.extract_lane(sums, 0) +
        f32x4.extract_lane(sums, 1) +
        f32x4.extract_lane(sums, 2) +
        f32x4.extract_lane(sums, 3);
      for (; x < end; x += 4) {
        sum += load<f32>(slope) * load<f32>(x);
        slope += 4;
      }
      store<f32>(at, sum * gate * (1 - 0.5 * gate));
    }
  }
}

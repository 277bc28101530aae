// Statistics and standardisation of the columns of a block of features (float32, row-major), in double precision.

/** sums[c] += the sum of column c over the block's rows. */
export function addColumns(block: usize, rows: i32, columns: i32, sums: usize): void {
  for (let i = 0; i < rows; i++) {
    let c = 0;
    for (; c + 2 <= columns; c += 2) {
      const sum = sums + (<usize>c << 3);
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.promote_low_f32x4(v128.load64_zero(block))));
      block += 8;
    }
    if (c < columns) {
      const sum = sums + (<usize>c << 3);
      store<f64>(sum, load<f64>(sum) + <f64>load<f32>(block));
      block += 4;
    }
  }
}

/** sums[c] += the sum of column c's differences from mean[c], squares[c] += that of their squares. */
export function addDeviations(
  block: usize,
  rows: i32,
  columns: i32,
  mean: usize,
  sums: usize,
  squares: usize,
): void {
  for (let i = 0; i < rows; i++) {
    let c = 0;
    for (; c + 2 <= columns; c += 2) {
      const at = <usize>c << 3;
      const value = f64x2.promote_low_f32x4(v128.load64_zero(block));
      const difference = f64x2.sub(value, v128.load(mean + at));
      v128.store(sums + at, f64x2.add(v128.load(sums + at), difference));
      v128.store(squares + at, f64x2.add(v128.load(squares + at), f64x2.mul(difference, difference)));
      block += 8;
    }
    if (c < columns) {
      const at = <usize>c << 3;
      const difference = <f64>load<f32>(block) - load<f64>(mean + at);
      store<f64>(sums + at, load<f64>(sums + at) + difference);
      store<f64>(squares + at, load<f64>(squares + at) + difference * difference);
      block += 4;
    }
  }
}

/** z = (x - mean) / scale in double precision. */
export function standardize(
  block: usize,
  rows: i32,
  columns: i32,
  mean: usize,
  scale: usize,
  z: usize,
): void {
  for (let i = 0; i < rows; i++) {
    let c = 0;
    for (; c + 2 <= columns; c += 2) {
      const at = <usize>c << 3;
      const value = f64x2.promote_low_f32x4(v128.load64_zero(block));
      v128.store(z, f64x2.div(f64x2.sub(value, v128.load(mean + at)), v128.load(scale + at)));
      block += 8;
      z += 16;
    }
    if (c < columns) {
      const at = <usize>c << 3;
      store<f64>(z, (<f64>load<f32>(block) - load<f64>(mean + at)) / load<f64>(scale + at));
      block += 4;
      z += 8;
    }
  }
}

/** `n` float64 values to float32, in their place, the first half of it; gives 0, or NaN where one of them is not finite then. */
export function toSingle(values: usize, n: i32): f32 {
  let check = f32x4.splat(0);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const singles = f32x4.demote_f64x2_zero(v128.load(values + (<usize>i << 3)));
    check = f32x4.add(check, f32x4.mul(singles, f32x4.splat(0)));
    v128.store64_lane(values + (<usize>i << 2), singles, 0);
  }
  let last: f32 = 0;
  if (i < n) {
    last = <f32>load<f64>(values + (<usize>i << 3));
    store<f32>(values + (<usize>i << 2), last);
  }
  return f32x4.extract_lane(check, 0) + f32x4.extract_lane(check, 1) + last * 0;
}

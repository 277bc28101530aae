// A linear layer with few outputs: the head's last one, and that of the gates. An image is a column.

/** y [outputs, n] = weight [outputs, inputs] h [inputs, n] + bias [outputs]; float32. */
export function narrowForward(
  weight: usize,
  bias: usize,
  h: usize,
  outputs: i32,
  inputs: i32,
  n: i32,
  y: usize,
): void {
  const columns = <usize>n << 2;
  for (let o = 0; o < outputs; o++) {
    fill(y, load<f32>(bias + (<usize>o << 2)), n);
    for (let i = 0; i < inputs; i++) {
      addScaled(y, h + <usize>i * columns, load<f32>(weight + (<usize>i << 2)), n);
    }
    weight += <usize>inputs << 2;
    y += columns;
  }
}

/** From dy [outputs, n], the loss's slope by y: those by weight, bias and h, each of the shape of what it belongs to. */
export function narrowBackward(
  weight: usize,
  dy: usize,
  h: usize,
  outputs: i32,
  inputs: i32,
  n: i32,
  dWeight: usize,
  dBias: usize,
  dh: usize,
): void {
  const columns = <usize>n << 2;
  memory.fill(dh, 0, <usize>inputs * columns);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const at = <usize>i << 2;
      const row = <usize>i * columns;
      store<f32>(dWeight + at, dot(dy, h + row, n));
      addScaled(dh + row, dy, load<f32>(weight + at), n);
    }
    store<f32>(dBias + (<usize>o << 2), sum(dy, n));
    weight += <usize>inputs << 2;
    dWeight += <usize>inputs << 2;
    dy += columns;
  }
}

function fill(y: usize, value: f32, n: i32): void {
  for (let i = 0; i < n; i++) store<f32>(y + (<usize>i << 2), value);
}

/** y += factor x */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, x: usize, factor: f32, n: i32): void {
  const whole = <usize>(n & ~3) << 2;
  const end = <usize>n << 2;
  const factors = f32x4.splat(factor);
  let at: usize = 0;
  for (; at < whole; at += 16) {
    v128.store(y + at, f32x4.add(v128.load(y + at), f32x4.mul(factors, v128.load(x + at))));
  }
  for (; at < end; at += 4) store<f32>(y + at, load<f32>(y + at) + factor * load<f32>(x + at));
}

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, n: i32): f32 {
  const whole = <usize>(n & ~3) << 2;
  const end = <usize>n << 2;
  let sums = f32x4.splat(0);
  let at: usize = 0;
  for (; at < whole; at += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  let total =
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    f32x4.extract_lane(sums, 2) +
    f32x4.extract_lane(sums, 3);
  for (; at < end; at += 4) total += load<f32>(a + at) * load<f32>(b + at);
  return total;
}

function sum(x: usize, n: i32): f32 {
  let total: f32 = 0;
  for (let i = 0; i < n; i++) total += load<f32>(x + (<usize>i << 2));
  return total;
}

// Inner products of one query with every row of a float32 matrix. The host lays out the memory (matrix.ts). No allocation,
// no import.

/** out[r] = the inner product of row r and the query; `width` values each, a multiple of 16. */
export function dotRows(matrix: usize, query: usize, rows: i32, width: i32, out: usize): void {
  const bytes = <usize>width << 2;
  let row = matrix;
  for (let r = 0; r < rows; r++) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    for (let at: usize = 0; at < bytes; at += 64) {
      const a = row + at;
      const b = query + at;
      sum0 = f32x4.add(sum0, f32x4.mul(v128.load(a), v128.load(b)));
      sum1 = f32x4.add(sum1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
      sum2 = f32x4.add(sum2, f32x4.mul(v128.load(a, 32), v128.load(b, 32)));
      sum3 = f32x4.add(sum3, f32x4.mul(v128.load(a, 48), v128.load(b, 48)));
    }
    const sum = f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3));
    const low = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1);
    const high = f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
    store<f32>(out + (<usize>r << 2), low + high);
    row += bytes;
  }
}

/** Memory before this address belongs to the module. */
export function firstFreeAddress(): usize {
  return __heap_base;
}

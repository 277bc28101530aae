// Sums over the lanes of a vector.

// @ts-ignore: decorator
@inline
export function sumI32(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
  );
}

/** The lanes as u32, summed without overflow. */
// @ts-ignore: decorator
@inline
export function sumU32(v: v128): i64 {
  return (
    i64(u32(i32x4.extract_lane(v, 0))) +
    i64(u32(i32x4.extract_lane(v, 1))) +
    i64(u32(i32x4.extract_lane(v, 2))) +
    i64(u32(i32x4.extract_lane(v, 3)))
  );
}

// @ts-ignore: decorator
@inline
export function sumI64(v: v128): i64 {
  return i64x2.extract_lane(v, 0) + i64x2.extract_lane(v, 1);
}

// @ts-ignore: decorator
@inline
export function sumF64(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Lanes 2 and 3 of an i32x4 or f32x4, moved to lanes 0 and 1. */
// @ts-ignore: decorator
@inline
export function upperHalf(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 0);
}

// Eight interleaved RGB pixels (24 bytes) to eight u16 lanes of one channel. `low` holds bytes 0-15, `high` 8-23.

// @ts-ignore: decorator
@inline
export function red(low: v128, high: v128): v128 {
  return v128.or(
    i8x16.swizzle(low, i8x16(0, -1, 3, -1, 6, -1, 9, -1, 12, -1, 15, -1, -1, -1, -1, -1)),
    i8x16.swizzle(high, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 10, -1, 13, -1)),
  );
}

// @ts-ignore: decorator
@inline
export function green(low: v128, high: v128): v128 {
  return v128.or(
    i8x16.swizzle(low, i8x16(1, -1, 4, -1, 7, -1, 10, -1, 13, -1, -1, -1, -1, -1, -1, -1)),
    i8x16.swizzle(high, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 8, -1, 11, -1, 14, -1)),
  );
}

// @ts-ignore: decorator
@inline
export function blue(low: v128, high: v128): v128 {
  return v128.or(
    i8x16.swizzle(low, i8x16(2, -1, 5, -1, 8, -1, 11, -1, 14, -1, -1, -1, -1, -1, -1, -1)),
    i8x16.swizzle(high, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 9, -1, 12, -1, 15, -1)),
  );
}

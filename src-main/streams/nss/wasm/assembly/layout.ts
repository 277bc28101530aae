// Sizes and static buffers of the kernel. A tile is one row of blocks, at most TILE_BLOCKS wide, with a halo of
// two pixels on all sides: all that Sobel and LBP need. Nothing else of the picture is ever in wasm memory.

/** Side of a block and pixels of a block. */
export const BLOCK: i32 = 32;
export const PIXELS: i32 = 1024;
/** Features of a block: 48 spatial, 21 of colour and frequency. */
export const FEATURES: i32 = 69;

/** Most blocks of one tile. A stride of 16 blocks keeps rows off the same cache sets. */
export const TILE_BLOCKS: i32 = 16;
export const HALO: i32 = 2;
export const TILE_ROWS: i32 = BLOCK + 2 * HALO;
/** Columns of a tile: blocks, halo, and padding to a multiple of eight pixels. */
export const TILE_COLUMNS: i32 = TILE_BLOCKS * BLOCK + 8;

/** Interleaved RGB bytes of the tile, halo included; the host writes them. */
export const RGB_STRIDE: i32 = TILE_COLUMNS * 3;
export const RGB: usize = memory.data(TILE_ROWS * RGB_STRIDE + 16, 16);

/** S = 299 R + 587 G + 114 B as i32 and as f32 (exact in both). */
export const PLANE_STRIDE: i32 = TILE_COLUMNS * 4;
export const PLANE_I32: usize = memory.data(TILE_ROWS * PLANE_STRIDE, 16);
export const PLANE_F32: usize = memory.data(TILE_ROWS * PLANE_STRIDE, 16);

/** Per block: 256 counts of Q as u16. */
export const HISTOGRAM: usize = memory.data(TILE_BLOCKS * 512, 16);

/** Per block: 69 features as f64; the host reads them. */
export const OUTPUT: usize = memory.data(TILE_BLOCKS * FEATURES * 8, 16);

/** Byte offset in a plane of the first pixel of row `y` of block `b` (y = -2 .. 33). */
// @ts-ignore: decorator
@inline
export function planeOffset(b: i32, y: i32): usize {
  return (y + HALO) * PLANE_STRIDE + (b * BLOCK + HALO) * 4;
}

/** Address of the first RGB byte of row `y` of block `b`. */
// @ts-ignore: decorator
@inline
export function rgbAddress(b: i32, y: i32): usize {
  return RGB + (y + HALO) * RGB_STRIDE + (b * BLOCK + HALO) * 3;
}

/** Writes feature `index` of block `b`. */
// @ts-ignore: decorator
@inline
export function output(b: i32, index: i32, value: f64): void {
  store<f64>(OUTPUT + (b * FEATURES + index) * 8, value);
}

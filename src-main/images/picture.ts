/**
 * A decoded picture as every stream takes it: 8-bit RGB, orientation applied, profiles ignored, alpha
 * flattened on black. `data` is interleaved RGB, row-major, width * height * 3 bytes.
 */
export type RgbPicture = { width: number; height: number; data: Uint8Array };

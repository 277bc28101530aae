import type { RgbPicture } from '../../images/picture.ts';
import { BLOCK_SIZE, blockGrid } from './grid.ts';
import { HALO, TILE_ROWS } from './kernel.ts';
import type { NssKernel } from './kernel.ts';

/** A run of `blocks` blocks in one row of blocks; `firstBlock` counts row-major over the picture. */
export type Tile = { row: number; column: number; blocks: number; firstBlock: number };

/** The tiles of a picture in row-major order. Throws StudioError 'unsupported-image' where a side is below 32 px. */
export function tilesOf(picture: RgbPicture, tileBlocks: number): Tile[] {
  const { rows, columns } = blockGrid(picture);
  const tiles: Tile[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += tileBlocks) {
      const blocks = Math.min(tileBlocks, columns - column);
      tiles.push({ row, column, blocks, firstBlock: row * columns + column });
    }
  }
  return tiles;
}

/** Copies a tile with its halo to the kernel's input; outside the picture the edge pixel is repeated. */
export function loadTile(kernel: NssKernel, { width, height, data }: RgbPicture, tile: Tile): void {
  const left = tile.column * BLOCK_SIZE - HALO;
  const right = (tile.column + tile.blocks) * BLOCK_SIZE + HALO;
  const from = Math.max(left, 0);
  const to = Math.min(right, width);
  for (let row = 0; row < TILE_ROWS; row++) {
    const y = Math.min(Math.max(tile.row * BLOCK_SIZE - HALO + row, 0), height - 1);
    const source = data.subarray((y * width + from) * 3, (y * width + to) * 3);
    const start = row * kernel.inputStride;
    kernel.input.set(source, start + (from - left) * 3);
    for (let x = left; x < from; x++)
      repeatPixel(kernel.input, start + (x - left) * 3, start + (from - left) * 3);
    for (let x = to; x < right; x++)
      repeatPixel(kernel.input, start + (x - left) * 3, start + (to - 1 - left) * 3);
  }
}

function repeatPixel(bytes: Uint8Array, target: number, source: number): void {
  for (let channel = 0; channel < 3; channel++) bytes[target + channel] = bytes[source + channel]!;
}

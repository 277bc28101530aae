import sharp from 'sharp';
import type { OcclusionFill } from '../../src-shared/inspect.ts';
import type { RgbPicture } from './picture.ts';

/** The middle of 8 bits. */
const GREY = 128;

/** A rectangle in pixels; right and bottom are the first column and row outside. */
export type Cell = { left: number; top: number; right: number; bottom: number };

/** The cells of a grid over the picture, row-major; together they cover every pixel once. */
export function gridCells(
  { width, height }: { width: number; height: number },
  { rows, columns }: { rows: number; columns: number },
): Cell[] {
  const edge = (side: number, at: number, cells: number): number => Math.round((at * side) / cells);
  return Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const column = i % columns;
    return {
      left: edge(width, column, columns),
      top: edge(height, row, rows),
      right: edge(width, column + 1, columns),
      bottom: edge(height, row + 1, rows),
    };
  });
}

/**
 * What is seen in a covered cell, as a picture of the same size: its mean colour, mid-grey, or itself blurred so that a
 * cell of `cellSide` pixels keeps its colours and loses its structure.
 */
export async function coverOf(
  picture: RgbPicture,
  fill: OcclusionFill,
  cellSide: number,
): Promise<RgbPicture> {
  if (fill === 'blur') return blurred(picture, Math.max(1, cellSide / 4));
  const colour = fill === 'grey' ? [GREY, GREY, GREY] : meanColour(picture);
  const data = new Uint8Array(picture.data.length);
  for (let i = 0; i < data.length; i++) data[i] = colour[i % 3]!;
  return { ...picture, data };
}

/** A copy of the picture that shows `cover` within the cell. */
export function occlude(picture: RgbPicture, cover: RgbPicture, cell: Cell): RgbPicture {
  const data = Uint8Array.from(picture.data);
  for (let y = cell.top; y < cell.bottom; y++) {
    const from = (y * picture.width + cell.left) * 3;
    const to = (y * picture.width + cell.right) * 3;
    data.set(cover.data.subarray(from, to), from);
  }
  return { ...picture, data };
}

/** Writes the picture as a PNG that decodes to the same bytes. */
export async function writePng({ width, height, data }: RgbPicture, file: string): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toFile(file);
}

function meanColour({ data }: RgbPicture): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[i % 3]! += data[i]!;
  return sums.map((sum) => Math.round(sum / (data.length / 3)));
}

async function blurred({ width, height, data }: RgbPicture, sigma: number): Promise<RgbPicture> {
  const pixels = await sharp(data, { raw: { width, height, channels: 3 } })
    .blur(sigma)
    .raw()
    .toBuffer();
  return { width, height, data: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length) };
}

import type { RgbPicture } from '../images/picture.ts';

/** Palette colours one after another: r, g, b in 0..255, not rounded. */
export type Palette = Float64Array;

/** Colours are grouped in cells of 8 x 8 x 8 levels first; a cell is its mean colour and pixel count. */
type Cell = { r: number; g: number; b: number; count: number };
type Channel = 'r' | 'g' | 'b';
type Box = { cells: Cell[]; error: number; channel: Channel; mean: Cell };

/**
 * A palette of at most `colours` entries: the box of colours with the largest squared error is split at its mean
 * along its widest channel until there are enough boxes (the idea of MATLAB's rgb2ind minimum variance method).
 */
export function minimumVariancePalette(picture: RgbPicture, colours: number): Palette {
  const boxes = [measure(cellsOf(picture))];
  while (boxes.length < colours) {
    const worst = boxes.reduce((a, b) => (b.error > a.error ? b : a));
    const { channel, mean } = worst;
    const low = worst.cells.filter((cell) => cell[channel] <= mean[channel]);
    const high = worst.cells.filter((cell) => cell[channel] > mean[channel]);
    if (low.length === 0 || high.length === 0) break; // every box is one colour
    boxes.splice(boxes.indexOf(worst), 1, measure(low), measure(high));
  }
  return Float64Array.from(boxes.flatMap(({ mean }) => [mean.r, mean.g, mean.b]));
}

function cellsOf({ data }: RgbPicture): Cell[] {
  const cells = new Map<number, Cell>();
  for (let k = 0; k < data.length; k += 3) {
    const r = data[k]!;
    const g = data[k + 1]!;
    const b = data[k + 2]!;
    const key = ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3);
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { r, g, b, count: 1 });
    else {
      cell.r += r;
      cell.g += g;
      cell.b += b;
      cell.count++;
    }
  }
  return [...cells.values()].map(({ r, g, b, count }) => ({
    r: r / count,
    g: g / count,
    b: b / count,
    count,
  }));
}

/** Mean colour, widest channel and squared error (over all three channels) of a box. */
function measure(cells: Cell[]): Box {
  const mean: Cell = { r: 0, g: 0, b: 0, count: 0 };
  const squares = { r: 0, g: 0, b: 0 };
  for (const cell of cells) {
    mean.count += cell.count;
    for (const c of ['r', 'g', 'b'] as const) {
      mean[c] += cell.count * cell[c];
      squares[c] += cell.count * cell[c] * cell[c];
    }
  }
  for (const c of ['r', 'g', 'b'] as const) {
    mean[c] /= mean.count;
    squares[c] -= mean.count * mean[c] * mean[c];
  }
  const channel = squares.g >= squares.r && squares.g >= squares.b ? 'g' : squares.r >= squares.b ? 'r' : 'b';
  return { cells, error: squares.r + squares.g + squares.b, channel, mean };
}

/** Each pixel to its nearest palette colour, the error passed on to the neighbours (Floyd & Steinberg 1976). */
export function ditherToPalette({ width, height, data }: RgbPicture, palette: Palette): RgbPicture {
  const out = new Uint8Array(data.length);
  // Errors of this row and the next, one pixel of margin at both ends.
  let current = new Float64Array((width + 2) * 3);
  let below = new Float64Array((width + 2) * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      const at = (x + 1) * 3;
      const r = limit(data[from]! + current[at]!);
      const g = limit(data[from + 1]! + current[at + 1]!);
      const b = limit(data[from + 2]! + current[at + 2]!);
      const entry = nearest(palette, r, g, b);
      for (let c = 0; c < 3; c++) {
        const wanted = c === 0 ? r : c === 1 ? g : b;
        const chosen = Math.round(palette[entry + c]!);
        out[from + c] = chosen;
        const error = (wanted - chosen) / 16;
        current[at + 3 + c]! += 7 * error;
        below[at - 3 + c]! += 3 * error;
        below[at + c]! += 5 * error;
        below[at + 3 + c]! += error;
      }
    }
    [current, below] = [below, current];
    below.fill(0);
  }
  return { width, height, data: out };
}

function nearest(palette: Palette, r: number, g: number, b: number): number {
  let best = 0;
  let smallest = Infinity;
  for (let k = 0; k < palette.length; k += 3) {
    const dr = palette[k]! - r;
    const dg = palette[k + 1]! - g;
    const db = palette[k + 2]! - b;
    const distance = dr * dr + dg * dg + db * db;
    if (distance < smallest) {
      smallest = distance;
      best = k;
    }
  }
  return best;
}

function limit(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

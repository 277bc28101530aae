/** Pillow's resize on 8-bit RGB, equal to the bit (spec encoders.md, "Preprocessing"), by WebAssembly SIMD. */
import type { RgbPicture } from '../../../images/picture.ts';
import { resizeCoefficients } from './coefficients.ts';
import type { Filter } from './coefficients.ts';
import { QUAD, createResizeKernel, packCoefficients } from './kernel.ts';
import type { PackedCoefficients, ResizeKernel } from './kernel.ts';
import { checkRegions } from './region.ts';
import type { Region, ResizeTarget } from './region.ts';

/** Resizes pictures. Not for use by two threads: it holds one wasm instance. */
export type Resizer = {
  /**
   * RGB bytes of the target's window, row-major: Pillow's crop(region).resize((width, height), filter).crop(window),
   * without the copies. Throws RangeError where the region or the window sticks out. The result is the caller's.
   */
  resize(picture: RgbPicture, region: Region, target: ResizeTarget): Uint8Array;
};

/** Coefficients kept between calls: sizes repeat within a dataset, and each takes about 20 KiB. */
const KEPT_COEFFICIENTS = 32;

/** Instantiates the kernel; about a millisecond. */
export async function createResizer(): Promise<Resizer> {
  const kernel = await createResizeKernel();
  const kept = new Map<string, PackedCoefficients>();

  function coefficients(
    inSize: number,
    outSize: number,
    filter: Filter,
    first: number,
    count: number,
  ): PackedCoefficients {
    const key = `${inSize} ${outSize} ${filter} ${first} ${count}`;
    const found = kept.get(key);
    if (found !== undefined) return found;
    const packed = packCoefficients(resizeCoefficients(inSize, outSize, filter, first, count));
    if (kept.size >= KEPT_COEFFICIENTS) kept.delete(kept.keys().next().value!);
    kept.set(key, packed);
    return packed;
  }

  return {
    resize(picture, region, target) {
      checkRegions(picture, region, target);
      const { width, height, filter, window } = target;
      const across = coefficients(region.width, width, filter, window.x, window.width);
      const down = coefficients(region.height, height, filter, window.y, window.height);
      return runPasses(kernel, picture, region, across, down);
    },
  };
}

/** Both passes, row by row: a row of the result is mixed as soon as the rows that it needs have been narrowed. */
function runPasses(
  kernel: ResizeKernel,
  picture: RgbPicture,
  region: Region,
  across: PackedCoefficients,
  down: PackedCoefficients,
): Uint8Array {
  const columns = across.starts.length;
  const rows = down.starts.length;
  const rowBytes = columns * 3;
  const firstColumn = across.starts[0]!;
  const sourceBytes = (endOf(across, columns - 1) - firstColumn) * 3;
  const layout = layOut(sourceBytes, columns, across, down);
  const memory = grownTo(kernel, layout.end);
  new Int32Array(memory.buffer, layout.starts, columns).set(
    across.starts.map((start) => (start - firstColumn) * 3),
  );
  new Int16Array(memory.buffer, layout.across, across.pairs.length).set(across.pairs);
  new Int16Array(memory.buffer, layout.down, down.pairs.length).set(down.pairs);

  const result = new Uint8Array(rows * rowBytes);
  const address = (row: number) => layout.ring + (row % down.taps) * layout.stride;
  let narrowed = down.starts[0]!;
  for (let y = 0; y < rows; y++) {
    for (const end = endOf(down, y); narrowed < end; narrowed++) {
      const from = ((region.y + narrowed) * picture.width + region.x + firstColumn) * 3;
      memory.set(picture.data.subarray(from, from + sourceBytes), layout.source);
      kernel.resizeRow(
        layout.source,
        address(narrowed),
        layout.starts,
        layout.across,
        columns,
        across.taps / QUAD,
      );
    }
    kernel.mixRows(
      layout.ring,
      layout.ring + down.taps * layout.stride,
      layout.stride,
      address(down.starts[y]!),
      layout.result,
      layout.down + y * down.taps * 4,
      layout.stride,
      down.taps / 2,
    );
    result.set(memory.subarray(layout.result, layout.result + rowBytes), y * rowBytes);
  }
  return result;
}

/** Addresses in the kernel's memory. The ring holds as many rows as one row of the result is mixed from. */
function layOut(sourceBytes: number, columns: number, across: PackedCoefficients, down: PackedCoefficients) {
  // One byte more, because the horizontal pass writes four bytes for the last pixel.
  const stride = aligned(columns * 3 + 1);
  const starts = 0;
  const acrossAt = aligned(starts + columns * 4);
  const downAt = aligned(acrossAt + across.pairs.byteLength);
  const ring = aligned(downAt + down.pairs.byteLength);
  const result = ring + down.taps * stride;
  const source = result + stride;
  // Taps of weight zero beyond the last column are read too.
  const end = source + aligned(sourceBytes + across.taps * 3 + 16);
  return { starts, across: acrossAt, down: downAt, ring, stride, result, source, end };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** One past the last source sample of a sample. */
function endOf({ starts, counts }: PackedCoefficients, sample: number): number {
  return starts[sample]! + counts[sample]!;
}

/** A view of the kernel's memory, of at least `bytes` bytes. */
function grownTo({ memory }: ResizeKernel, bytes: number): Uint8Array<ArrayBuffer> {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  return new Uint8Array(memory.buffer);
}

/** The WebAssembly kernel of the resize, and the form in which it takes weights. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Coefficients } from './coefficients.ts';

/** The exports of resize.wasm (wasm/assembly/): addresses are bytes of its memory. */
export type ResizeKernel = {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Horizontal pass of one row; see assembly/horizontal.ts. */
  resizeRow(
    source: number,
    target: number,
    starts: number,
    weights: number,
    columns: number,
    quads: number,
  ): void;
  /** Vertical pass to one row; see assembly/vertical.ts. */
  mixRows(
    ring: number,
    ringEnd: number,
    stride: number,
    first: number,
    target: number,
    weights: number,
    bytes: number,
    pairs: number,
  ): void;
};

/** Taps that the horizontal pass takes at a time. */
export const QUAD = 4;

// Node has WebAssembly; its types come only with TypeScript's DOM library, which the engine does without.
declare const WebAssembly: { instantiate(bytes: Uint8Array): Promise<{ instance: { exports: unknown } }> };

const WASM_PATH = path.join(import.meta.dirname, 'wasm/resize.wasm');

/** Instantiates the kernel. One instance serves one thread. */
export async function createResizeKernel(): Promise<ResizeKernel> {
  const { instance } = await WebAssembly.instantiate(readFileSync(WASM_PATH));
  return instance.exports as ResizeKernel;
}

/** Coefficients as the kernel takes them. */
export type PackedCoefficients = {
  starts: Int32Array;
  counts: Int32Array;
  /** Taps of every sample: the most that any has, rounded up to whole quads. */
  taps: number;
  /** Per sample and pair of taps: two high parts, two low parts (see assembly/fixed-point.ts). */
  pairs: Int16Array;
};

/** Packs coefficients; taps that a sample lacks have weight zero. */
export function packCoefficients({ starts, counts, taps, weights }: Coefficients): PackedCoefficients {
  const most = counts.reduce((a, b) => Math.max(a, b));
  const padded = Math.ceil(most / QUAD) * QUAD;
  const pairs = new Int16Array(starts.length * padded * 2);
  for (let i = 0; i < starts.length; i++) {
    for (let t = 0; t < counts[i]!; t++) {
      const weight = weights[i * taps + t]!;
      const high = (i * padded + (t & ~1)) * 2 + (t & 1);
      pairs[high] = weight >> 11;
      pairs[high + 2] = weight & 2047;
    }
  }
  return { starts, counts, taps: padded, pairs };
}

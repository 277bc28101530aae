import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NSS_BLOCK_NAMES } from '../../../src-shared/nss-names.ts';
import { BLOCK_SIZE } from './grid.ts';

/** Pixels around a tile that Sobel and LBP need. */
export const HALO = 2;
/** Rows of a tile with its halo. */
export const TILE_ROWS = BLOCK_SIZE + 2 * HALO;

/** One step over a tile of `blocks` blocks; its output stays in wasm memory. */
type Step = (blocks: number) => void;

/** The exports of nss.wasm (wasm/assembly/index.ts). Steps run in this order: later ones need the first two. */
type KernelExports = {
  memory: { readonly buffer: ArrayBuffer };
  inputAddress(): number;
  inputStride(): number;
  outputAddress(): number;
  tileBlocks(): number;
  fillPlanes: Step;
  fillHistograms: Step;
  intensityFeatures: Step;
  sobelFeatures: Step;
  lbpFeatures: Step;
  logGaborFeatures: Step;
  digitFeatures: Step;
  colorFeatures: Step;
};

/** One instance of the WebAssembly kernel with views of its buffers. Its memory is fixed (384 KiB): views stay valid. */
export type NssKernel = {
  /** RGB bytes of the tile: 36 rows of `inputStride` bytes, of which blocks * 96 + 12 count. */
  input: Uint8Array;
  inputStride: number;
  /** tileBlocks x 69 block features. */
  output: Float64Array;
  /** Most blocks of one tile. */
  tileBlocks: number;
  /** The steps of one tile in order; the names serve the bench. */
  steps: readonly { name: string; run: Step }[];
};

// Node has WebAssembly; its types come only with TypeScript's DOM library, which the engine does without.
declare const WebAssembly: { instantiate(bytes: Uint8Array): Promise<{ instance: { exports: unknown } }> };

const WASM_PATH = path.join(import.meta.dirname, 'wasm/nss.wasm');

/** Instantiates the kernel. One instance serves one thread. */
export async function createKernel(): Promise<NssKernel> {
  const { instance } = await WebAssembly.instantiate(readFileSync(WASM_PATH));
  const wasm = instance.exports as KernelExports;
  const { buffer } = wasm.memory;
  const tileBlocks = wasm.tileBlocks();
  return {
    input: new Uint8Array(buffer, wasm.inputAddress(), TILE_ROWS * wasm.inputStride()),
    inputStride: wasm.inputStride(),
    output: new Float64Array(buffer, wasm.outputAddress(), tileBlocks * NSS_BLOCK_NAMES.length),
    tileBlocks,
    steps: [
      { name: 'luma planes', run: wasm.fillPlanes },
      { name: 'histogram of Q', run: wasm.fillHistograms },
      { name: 'intensity', run: wasm.intensityFeatures },
      { name: 'sobel', run: wasm.sobelFeatures },
      { name: 'lbp', run: wasm.lbpFeatures },
      { name: 'loggabor', run: wasm.logGaborFeatures },
      { name: 'digit', run: wasm.digitFeatures },
      { name: 'color', run: wasm.colorFeatures },
    ],
  };
}

/** The NSS stream: 138 natural-scene statistics of a picture (spec nss.md; paper section 2.2), by WebAssembly SIMD. */
import type { RgbPicture } from '../../images/picture.ts';
import { NSS_BLOCK_NAMES } from '../../../src-shared/nss-names.ts';
import { aggregate } from './aggregate.ts';
import { blockGrid } from './grid.ts';
import { createKernel } from './kernel.ts';
import type { NssKernel } from './kernel.ts';
import { loadTile, tilesOf } from './tiles.ts';

/** Id, version (part of every feature key) and dimension of the stream. */
export const NSS_STREAM = { id: 'nss', version: 'nss-138/1', dimension: 138 } as const;

/** Computes NSS features. Not for use by two threads: it holds one wasm instance (under 1 MiB, whatever the picture). */
export type NssExtractor = {
  /** 138 features in the order of NSS_NAMES. Throws StudioError 'unsupported-image' where a side is below 32 px. */
  describe(picture: RgbPicture): Float32Array;
  /** rows * columns x 69 features in the order of NSS_BLOCK_NAMES, row-major. Throws like describe. */
  blocks(picture: RgbPicture): { rows: number; columns: number; values: Float32Array };
};

/** Instantiates the kernel; a few milliseconds. */
export async function createNssExtractor(): Promise<NssExtractor> {
  const kernel = await createKernel();
  return {
    describe: (picture) => Float32Array.from(aggregate(blockFeatures(kernel, picture))),
    blocks: (picture) => ({
      ...blockGrid(picture),
      values: Float32Array.from(blockFeatures(kernel, picture)),
    }),
  };
}

/** blocks x 69 features in float64, so that a small std beside a large mean keeps its digits. */
function blockFeatures(kernel: NssKernel, picture: RgbPicture): Float64Array {
  const features = NSS_BLOCK_NAMES.length;
  const { rows, columns } = blockGrid(picture);
  const values = new Float64Array(rows * columns * features);
  for (const tile of tilesOf(picture, kernel.tileBlocks)) {
    loadTile(kernel, picture, tile);
    for (const step of kernel.steps) step.run(tile.blocks);
    values.set(kernel.output.subarray(0, tile.blocks * features), tile.firstBlock * features);
  }
  return values;
}

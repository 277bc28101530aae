import type { ErrorShape } from '../../src-shared/errors.ts';
import type { ExtractItem } from './read-picture.ts';

/** All 69 NSS features of every 32 x 32 block: rows * columns x 69, row-major, in the order of NSS_BLOCK_NAMES. */
export type BlockFeatures = { rows: number; columns: number; values: Float32Array };

/** What the worker of block-features.ts is asked, and what it answers. */
export type BlockRequest = { id: number; item: ExtractItem };
export type BlockReply = { id: number } & ({ blocks: BlockFeatures } | { error: ErrorShape });

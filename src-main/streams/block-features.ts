import { Worker } from 'node:worker_threads';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { NSS_BLOCK_NAMES } from '../../src-shared/nss-names.ts';
import type { BlockFeatures, BlockReply, BlockRequest } from './block-protocol.ts';
import type { ExtractItem } from './read-picture.ts';

/** Bytes of block features kept: 300 pictures of 1024 x 768, or the largest two that the decoder takes. */
const KEPT_BYTES = 64 * 1024 * 1024;

type Pending = { resolve(blocks: BlockFeatures): void; reject(error: StudioError): void };

/**
 * NSS block features of pictures, computed in one worker thread off the API's thread and kept by content, so that every
 * feature of a picture that was seen once is at hand.
 */
export class BlockFeatureStore {
  /** By content, the last used at the end. */
  readonly #kept = new Map<string, Promise<BlockFeatures>>();
  readonly #sizes = new Map<string, number>();
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #next = 1;

  /** The blocks of a picture. Throws 'unsupported-image' below 32 px, and like readPicture and decodePicture. */
  of(item: ExtractItem & { content: string }): Promise<BlockFeatures> {
    const known = this.#kept.get(item.content);
    const blocks = known ?? this.#compute(item);
    // Back in, at the end.
    this.#kept.delete(item.content);
    this.#kept.set(item.content, blocks);
    if (known === undefined) {
      blocks.then(
        ({ values }) => this.#shrink(item.content, values.byteLength),
        () => this.#kept.delete(item.content),
      );
    }
    return blocks;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #compute(item: ExtractItem): Promise<BlockFeatures> {
    return new Promise((resolve, reject) => {
      const request: BlockRequest = { id: this.#next++, item };
      this.#pending.set(request.id, { resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage(request);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./block-worker.ts', import.meta.url));
    worker.unref();
    worker.on('message', (reply: BlockReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ('blocks' in reply) pending?.resolve(reply.blocks);
      else pending?.reject(StudioError.fromShape(reply.error));
    });
    worker.on('error', (error) => this.#lose(StudioError.fromShape(errorShape(error))));
    worker.on('exit', () =>
      this.#lose(new StudioError('cancelled', 'The computation of block maps has ended')),
    );
    return worker;
  }

  /** The worker is gone: what waits for it fails, and the next request starts another. */
  #lose(error: StudioError): void {
    this.#worker = null;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #shrink(content: string, bytes: number): void {
    this.#sizes.set(content, bytes);
    let total = [...this.#sizes.values()].reduce((a, b) => a + b, 0);
    for (const oldest of this.#kept.keys()) {
      if (total <= KEPT_BYTES || oldest === content) break;
      total -= this.#sizes.get(oldest) ?? 0;
      this.#sizes.delete(oldest);
      this.#kept.delete(oldest);
    }
  }
}

/** One block feature per block, as it is for `mean.` features, |value - mean over the blocks| for `std.` features. */
export function mapOfFeature({ rows, columns, values }: BlockFeatures, feature: string): number[] {
  const [aggregate, ...rest] = feature.split('.');
  const at = NSS_BLOCK_NAMES.indexOf(rest.join('.'));
  if (at < 0 || (aggregate !== 'mean' && aggregate !== 'std')) {
    throw new StudioError('bad-input', `"${feature}" is not an NSS feature`, {
      hint: 'Names are like mean.intensity.entropy or std.lbp.03.',
    });
  }
  const count = rows * columns;
  const blocks = Array.from({ length: count }, (_, block) => values[block * NSS_BLOCK_NAMES.length + at]!);
  if (aggregate === 'mean') return blocks;
  const mean = blocks.reduce((sum, value) => sum + value, 0) / count;
  return blocks.map((value) => Math.abs(value - mean));
}

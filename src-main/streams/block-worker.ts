/** Worker thread of block-features.ts: reads and decodes one picture at a time and computes its NSS blocks. */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { errorShape } from '../../src-shared/errors.ts';
import { decodePicture } from '../images/decode.ts';
import type { BlockReply, BlockRequest } from './block-protocol.ts';
import { createNssExtractor } from './nss/descriptor.ts';
import { readPicture } from './read-picture.ts';

sharp.cache(false);
const extractor = await createNssExtractor();
const port = parentPort!;

async function answer({ id, item }: BlockRequest): Promise<BlockReply> {
  try {
    return { id, blocks: extractor.blocks(await decodePicture(await readPicture(item), item.path)) };
  } catch (error) {
    return { id, error: errorShape(error, item.path) };
  }
}

let last: Promise<void> = Promise.resolve();
port.on('message', (request: BlockRequest) => {
  last = last.then(async () => port.postMessage(await answer(request)));
});

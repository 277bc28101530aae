/** Worker thread of extract-pool.ts: reads, decodes and describes one picture at a time. */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { errorShape } from '../../src-shared/errors.ts';
import { decodePicture } from '../images/decode.ts';
import { createNssExtractor } from './nss/descriptor.ts';
import { readPicture } from './read-picture.ts';
import type { ExtractItem, ExtractReply } from './read-picture.ts';

sharp.cache(false);
sharp.concurrency(1); // one picture per thread: the pool fills the cores
const extractor = await createNssExtractor();
const port = parentPort!;

async function describe(item: ExtractItem): Promise<Float32Array> {
  return extractor.describe(await decodePicture(await readPicture(item), item.path));
}

// One after the other: the next file is asked for while this one is worked on only by the pool's other threads.
let last: Promise<void> = Promise.resolve();
port.on('message', (item: ExtractItem) => {
  last = last.then(async () => {
    let reply: ExtractReply;
    try {
      reply = { key: item.key, vector: await describe(item) };
    } catch (error) {
      reply = { key: item.key, error: errorShape(error, item.path) };
    }
    port.postMessage(reply);
  });
});

/** Worker thread of fingerprint-pool.ts: reads one picture at a time and takes its perceptual hash. */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { errorShape } from '../../../src-shared/errors.ts';
import { readPicture, type ExtractItem } from '../read-picture.ts';
import type { FingerprintReply } from './fingerprint-pool.ts';
import { fingerprintFile } from './phash.ts';

sharp.cache(false);
sharp.concurrency(1); // one picture per thread: the pool fills the cores
const port = parentPort!;

let last: Promise<void> = Promise.resolve();
port.on('message', (item: ExtractItem) => {
  last = last.then(async () => {
    let reply: FingerprintReply;
    try {
      reply = { key: item.key, hash: await fingerprintFile(await readPicture(item), item.path) };
    } catch (error) {
      reply = { key: item.key, error: errorShape(error, item.path) };
    }
    port.postMessage(reply);
  });
});

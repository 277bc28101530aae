/** Worker thread of extract-pool.ts: reads, decodes and describes one picture at a time. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { StudioError, errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import { decodePicture } from '../images/decode.ts';
import { createNssExtractor } from './nss/descriptor.ts';

/** A picture to describe. `content` is its expected SHA-256, or null to accept whatever is in the file. */
export type ExtractItem = { key: string; path: string; content: string | null };
export type ExtractReply = { key: string; vector: Float32Array } | { key: string; error: ErrorShape };

sharp.cache(false);
sharp.concurrency(1); // one picture per thread: the pool fills the cores
const extractor = await createNssExtractor();
const port = parentPort!;

async function describe({ path, content }: ExtractItem): Promise<Float32Array> {
  const bytes = await readFile(path);
  if (content !== null && createHash('sha256').update(bytes).digest('hex') !== content) {
    throw new StudioError('conflict', 'The file has changed since it was imported', {
      file: path,
      hint: 'Import the folder again; unchanged images keep their features.',
    });
  }
  return extractor.describe(await decodePicture(bytes, path));
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

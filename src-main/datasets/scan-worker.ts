/** Entry of the scan's worker thread (scan-thread.ts starts it). */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { errorShape } from '../../src-shared/errors.ts';
import type { ScanMessage, ScanRequest } from './scan-thread.ts';
import { scanFolder } from './scan.ts';

const BATCH = 1000;

const { folder, options, known } = workerData as ScanRequest;
const say = (message: ScanMessage): void => parentPort!.postMessage(message);

// Headers are read once each; caching them only costs memory.
sharp.cache(false);
sharp.concurrency(1);
try {
  const { images, ...draft } = await scanFolder(folder, options, known, {
    onProgress: (done, total) => say({ kind: 'progress', done, total }),
  });
  for (let from = 0; from < images.length; from += BATCH) {
    say({ kind: 'images', json: JSON.stringify(images.slice(from, from + BATCH)) });
  }
  say({ kind: 'done', draft });
} catch (error) {
  say({ kind: 'failed', error: errorShape(error, folder) });
}

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { StudioError } from '../../src-shared/errors.ts';
import type { ExtractItem } from './read-picture.ts';

/** Pictures that a worker holds: one in work, one waiting, so that it never idles between replies. */
const IN_FLIGHT = 2;

/**
 * Hands pictures to worker threads of the file `entry`, each of which answers every ExtractItem with one message; `onReply` in
 * order of completion; while what it returns is pending, the worker gets no further picture. Throws StudioError cancelled after an abort, and the error of a worker that dies.
 */
export async function inPictureWorkers<Reply>(
  entry: URL,
  items: readonly ExtractItem[],
  options: { signal: AbortSignal; workers?: number; onReply(reply: Reply): Promise<unknown> | null | void },
): Promise<void> {
  if (options.signal.aborted) throw new StudioError('cancelled', 'Extraction stopped');
  const count = Math.min(options.workers ?? availableParallelism(), items.length);
  const workers = Array.from({ length: count }, () => new Worker(entry));
  let next = 0;
  let replies = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(new StudioError('cancelled', 'Extraction stopped'));
      options.signal.addEventListener('abort', abort, { once: true });
      for (const worker of workers) {
        const feed = () => {
          const item = items[next];
          if (item === undefined) return;
          next++;
          worker.postMessage(item);
        };
        worker.on('error', reject);
        worker.on('message', (reply: Reply) => {
          if (options.signal.aborted) return;
          const room = options.onReply(reply);
          if (++replies === items.length) resolve();
          else if (room) void room.then(feed);
          else feed();
        });
        for (let i = 0; i < IN_FLIGHT; i++) feed();
      }
      if (items.length === 0) resolve();
    });
  } finally {
    await Promise.all(workers.map((w) => w.terminate()));
  }
}

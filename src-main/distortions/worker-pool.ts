import { parentPort, Worker } from 'node:worker_threads';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';

/** What a worker thread answers: `step` for progress within a task, then `result`, or `failed` (which ends the pool). */
type PoolMessage<Result> =
  { kind: 'step' } | { kind: 'result'; task: number; result: Result } | { kind: 'failed'; error: ErrorShape };
type PoolTask<Task> = { index: number; task: Task };

/** How a pool runs. `what` names the work in its errors; `workers` are threads, at least one. */
export type PoolOptions = {
  what: string;
  workers: number;
  workerData?: unknown;
  signal?: AbortSignal | undefined;
  onStep?: () => void;
};

/**
 * Hands tasks out to worker threads in order, one at a time each, and gives the results in the order of the tasks.
 * The threads run `entry`, a file that calls serveTasks. Throws the first failure, or StudioError cancelled.
 */
export async function runInWorkers<Task, Result>(
  entry: URL,
  tasks: readonly Task[],
  { what, workers, workerData, signal, onStep }: PoolOptions,
): Promise<Result[]> {
  refuseAborted(signal, what);
  if (tasks.length === 0) return [];
  const results = new Map<number, Result>();
  const count = Math.max(1, Math.min(workers, tasks.length));
  const threads = Array.from({ length: count }, () => new Worker(entry, { workerData }));
  const done = new AbortController(); // takes the listener off the caller's signal
  let handedOut = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(cancelled(what)), { signal: done.signal });
      for (const thread of threads) {
        const next = (): void => {
          if (handedOut === tasks.length) return;
          const index = handedOut++;
          thread.postMessage({ index, task: tasks[index]! } satisfies PoolTask<Task>);
        };
        thread.on('error', reject);
        thread.on('exit', (code) =>
          reject(new StudioError('internal', `${what}: a worker thread ended with code ${code}`)),
        );
        thread.on('message', (message: PoolMessage<Result>) => {
          if (message.kind === 'failed') return reject(StudioError.fromShape(message.error));
          if (message.kind === 'step') return onStep?.();
          results.set(message.task, message.result);
          if (results.size === tasks.length) return resolve();
          next();
        });
        next();
      }
    });
  } finally {
    done.abort();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return tasks.map((_, index) => results.get(index)!);
}

/** The worker thread's side: performs tasks as they come. `onStep` tells the pool of progress. */
export function serveTasks<Task, Result>(perform: (task: Task, onStep: () => void) => Promise<Result>): void {
  const port = parentPort;
  if (port === null) throw new Error('serveTasks is for worker threads');
  const send = (message: PoolMessage<Result>): void => port.postMessage(message);
  port.on('message', ({ index, task }: PoolTask<Task>) => {
    perform(task, () => send({ kind: 'step' })).then(
      (result) => send({ kind: 'result', task: index, result }),
      (error: unknown) => send({ kind: 'failed', error: errorShape(error) }),
    );
  });
}

/** Throws StudioError cancelled where the signal is aborted already. */
export function refuseAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelled(what);
}

function cancelled(what: string): StudioError {
  return new StudioError('cancelled', `${what} was cancelled`, {
    hint: 'Start it again with the same folder to go on; finished images are kept.',
  });
}

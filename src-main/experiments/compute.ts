import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { StudioError } from '../../src-shared/errors.ts';
import type { ComputeMessage, ComputeTask } from './compute-protocol.ts';

const ENTRY = fileURLToPath(new URL('./compute-process.ts', import.meta.url));

/**
 * Runs one task in a fresh compute process and hands each message to `onMessage`, in order.
 * An abort ends the process at once: it holds nothing that the catalog does not have. Throws StudioError.
 */
export function compute(
  task: ComputeTask,
  options: { signal: AbortSignal; onMessage(message: ComputeMessage): void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) return reject(new StudioError('cancelled', 'Stopped'));
    const child = fork(ENTRY, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    let lastWords = '';
    let failure: StudioError | null = null;
    const abort = () => child.kill('SIGKILL');
    options.signal.addEventListener('abort', abort, { once: true });
    child.stderr!.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-2000)));
    child.on('message', (message) => {
      const received = message as ComputeMessage;
      if (received.type === 'failed') failure = StudioError.fromShape(received.error);
      else options.onMessage(received);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      options.signal.removeEventListener('abort', abort);
      if (options.signal.aborted) reject(new StudioError('cancelled', 'Stopped'));
      else if (failure !== null) reject(failure);
      else if (code === 0) resolve();
      else {
        reject(
          new StudioError(
            'internal',
            `The compute process ended with ${signal ?? `exit code ${code}`}: ${lastWords.trim()}`,
            {
              hint: 'Retry the job: finished folds are kept.',
            },
          ),
        );
      }
    });
    child.send(task);
  });
}

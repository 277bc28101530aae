import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { StudioError } from '../../src-shared/errors.ts';
import type { ComputeMessage, ComputeTask } from './compute-protocol.ts';

const ENTRY = fileURLToPath(new URL('./compute-process.ts', import.meta.url));
/**
 * Megabytes that the heap, with the arrays that hang on it, may grow to before V8 looks for garbage. Preparing a fold allocates hundreds, and
 * each look takes 20 ms; but all processes of a pool together leave seven eighths of the machine's memory alone.
 */
const INITIAL_HEAP = Math.min(512, Math.floor(totalmem() / 2 ** 20 / 8 / availableParallelism()));

type Pending = {
  onMessage(message: ComputeMessage): void;
  resolve(): void;
  reject(error: StudioError): void;
};

/**
 * A compute process that performs tasks one after the other. An abort of the signal ends it at once: it holds nothing that
 * the catalog does not have.
 */
export class ComputeProcess {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;
  #pending: Pending | null = null;
  #lastWords = '';

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#child = fork(ENTRY, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [`--initial-heap-size=${INITIAL_HEAP}`],
    });
    const child = this.#child;
    const abort = () => child.kill('SIGKILL');
    signal.addEventListener('abort', abort, { once: true });
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-2000);
    });
    child.on('message', (message) => this.#receive(message as ComputeMessage));
    child.on('error', (error) => this.#fail(new StudioError('internal', error.message)));
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', abort);
      this.#fail(this.#ended(killed ?? `exit code ${code}`));
    });
    if (signal.aborted) abort();
  }

  /** Performs a task and hands each message to `onMessage`, in order. Throws StudioError; cancelled after an abort. */
  perform(task: ComputeTask, onMessage: (message: ComputeMessage) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { onMessage, resolve, reject };
      if (!this.#child.connected) this.#fail(this.#ended('no connection'));
      else this.#child.send(task, () => undefined); // a process that is just ending: its end says why
    });
  }

  /** Ends the process. */
  close(): void {
    this.#child.kill('SIGKILL');
  }

  #receive(message: ComputeMessage): void {
    const pending = this.#pending;
    if (message.type === 'failed') {
      this.#fail(StudioError.fromShape(message.error));
    } else if (message.type === 'done') {
      this.#pending = null;
      pending?.resolve();
    } else {
      pending?.onMessage(message);
    }
  }

  #fail(error: StudioError): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(error);
  }

  #ended(how: string): StudioError {
    if (this.#signal.aborted) return new StudioError('cancelled', 'Stopped');
    const text = `The compute process ended with ${how}: ${this.#lastWords.trim()}`;
    return new StudioError('internal', text, { hint: 'Retry the job: finished folds are kept.' });
  }
}

/** Performs one task in a process of its own. Throws StudioError. */
export async function compute(
  task: ComputeTask,
  options: { signal: AbortSignal; onMessage(message: ComputeMessage): void },
): Promise<void> {
  const process = new ComputeProcess(options.signal);
  try {
    await process.perform(task, (message) => options.onMessage(message));
  } finally {
    process.close();
  }
}

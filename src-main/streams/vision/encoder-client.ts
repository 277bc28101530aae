/** The engine's side of an encoder process. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Provider, ProviderTrial } from '../../../src-shared/encoders.ts';
import { StudioError } from '../../../src-shared/errors.ts';
import type { ExtractItem, ExtractReply } from '../read-picture.ts';
import type { EncoderTask, FromEncoder, ToEncoder } from './encoder-protocol.ts';

const ENTRY = fileURLToPath(new URL('./encoder-process.ts', import.meta.url));
/** A stop is heard between two runs; a run that lasts longer is not waited for. */
const STOP_MS = 1000;

/** Thrown when the process has ended by itself; `unanswered`: what it had been given. */
export class EncoderGone extends Error {
  readonly unanswered: ExtractItem[];

  constructor(message: string, unanswered: ExtractItem[]) {
    super(message);
    this.unanswered = unanswered;
  }
}

/** An encoder process that has chosen its provider. Throws StudioError from `open` where no provider works. */
export class EncoderProcess {
  readonly provider: Provider;
  readonly trials: ProviderTrial[];
  readonly #child: EncoderChild;

  private constructor(child: EncoderChild, opened: { provider: Provider; trials: ProviderTrial[] }) {
    this.#child = child;
    this.provider = opened.provider;
    this.trials = opened.trials;
  }

  /** Starts a process. Throws 'cancelled', what the process reports, and EncoderGone. */
  static async open(task: EncoderTask, signal: AbortSignal): Promise<EncoderProcess> {
    if (signal.aborted) throw stopped();
    const child = new EncoderChild(task.workers);
    const abort = () => child.fail(stopped());
    signal.addEventListener('abort', abort, { once: true });
    try {
      child.send({ type: 'open', task });
      return new EncoderProcess(child, await child.next((m) => (m.type === 'opened' ? m : null)));
    } catch (error) {
      await child.stop();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Encodes pictures, at most `window` of them given to the process at a time; `onReply` once per item. Throws
   * 'cancelled', EncoderGone with the items that were given and not answered, and what is wrong with the model.
   */
  async encode(
    items: Iterable<ExtractItem>,
    options: { signal: AbortSignal; window: number; onReply(reply: ExtractReply): void },
  ): Promise<void> {
    const { signal, window, onReply } = options;
    const rest = items[Symbol.iterator]();
    const given = new Map<string, ExtractItem>();
    const give = () => {
      const next = rest.next();
      if (next.done === true) return;
      given.set(next.value.key, next.value);
      this.#child.send({ type: 'item', item: next.value });
    };
    const abort = () => this.#child.fail(stopped());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      for (let i = 0; i < window; i++) give();
      while (given.size > 0) {
        const reply = await this.#child.next((m) => (m.type === 'reply' ? m.reply : null));
        given.delete(reply.key);
        give();
        onReply(reply);
      }
    } catch (error) {
      if (error instanceof EncoderGone) throw new EncoderGone(error.message, [...given.values()]);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends the process: between two runs, or after a second. */
  stop(): Promise<void> {
    return this.#child.stop();
  }
}

function stopped(): StudioError {
  return new StudioError('cancelled', 'Extraction stopped');
}

/** The process with its messages in order, and its end as an error of whoever waits. */
class EncoderChild {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #messages: FromEncoder[] = [];
  #failure: unknown = null;
  #wake: () => void = () => undefined;
  #lastWords = '';

  constructor(workers: number) {
    this.#process = fork(ENTRY, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      // Each worker decodes on a thread of libuv's pool.
      env: { ...process.env, UV_THREADPOOL_SIZE: String(Math.max(4, workers + 2)) },
    });
    this.#process.stderr!.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-2000);
    });
    this.#process.on('message', (message: FromEncoder) => {
      if (message.type === 'failed') return this.fail(StudioError.fromShape(message.error));
      this.#messages.push(message);
      this.#wake();
    });
    this.#process.on('error', (error) => this.fail(error));
    this.#ended = new Promise((resolve) =>
      this.#process.on('close', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        this.fail(new EncoderGone(`The encoder process ended with ${how}: ${this.#lastWords.trim()}`, []));
        resolve();
      }),
    );
  }

  get pid(): number {
    return this.#process.pid!;
  }

  send(message: ToEncoder): void {
    // A process that is gone is noticed by its end.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  /** The first failure is what `next` throws, once the messages before it are read. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async next<T>(wanted: (message: FromEncoder) => T | null): Promise<T> {
    for (;;) {
      const message = this.#messages.shift();
      const found = message === undefined ? null : wanted(message);
      if (found !== null) return found;
      if (message !== undefined) continue;
      if (this.#failure !== null) throw (this.#failure as { error: unknown }).error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async stop(): Promise<void> {
    this.send({ type: 'stop' });
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(kill);
  }
}

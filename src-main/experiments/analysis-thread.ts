/** The analyses in a thread of their own: ten thousand resamples, or 40,000 rows of gates, never keep the API waiting. */
import { Worker } from 'node:worker_threads';
import { StudioError } from '../../src-shared/errors.ts';
import type {
  AnalysisAnswer,
  AnalysisInput,
  AnalysisName,
  AnalysisRequest,
  AnalysisResult,
} from './analysis-protocol.ts';

type Pending = { resolve(json: string): void; reject(error: StudioError): void };
/** Answers about finished runs never change; this many are kept. */
const KEPT = 64;
/** Longer answers (the gates of every image) are asked for again. */
const LONGEST_KEPT = 200_000;
const WORKER = new URL('./analysis-worker.ts', import.meta.url);

/** Asks the analysis thread, which starts with the first question and lives until close(). */
export class AnalysisThread {
  readonly #catalog: string;
  readonly #pending = new Map<number, Pending>();
  readonly #kept = new Map<string, string>();
  #worker: Worker | null = null;
  #last = 0;
  #closed = false;

  constructor(catalog: string) {
    this.#catalog = catalog;
  }

  /** The answer of an analysis. Throws its StudioError; cancelled where the signal is aborted or the engine closes. */
  async ask<Name extends AnalysisName>(
    name: Name,
    input: AnalysisInput<Name>,
    signal?: AbortSignal,
  ): Promise<AnalysisResult<Name>> {
    const key = JSON.stringify([name, input]);
    const kept = this.#kept.get(key);
    const json = kept ?? (await this.#perform(name, input, signal));
    this.#keep(key, json);
    return JSON.parse(json) as AnalysisResult<Name>;
  }

  /** Forgets all answers: a run was deleted or renamed. */
  forget(): void {
    this.#kept.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(cancelled());
    await this.#worker?.terminate();
  }

  #perform(name: AnalysisName, input: unknown, signal: AbortSignal | undefined): Promise<string> {
    if (this.#closed || signal?.aborted) return Promise.reject(cancelled());
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#last;
    const say = (request: AnalysisRequest): void => worker.postMessage(request);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#pending.set(id, { resolve, reject });
    const cancel = (): void => {
      say({ type: 'cancel', id });
      this.#take(id)?.reject(cancelled());
    };
    signal?.addEventListener('abort', cancel, { once: true });
    say({ type: 'ask', id, name, input });
    return promise.finally(() => signal?.removeEventListener('abort', cancel));
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { workerData: { catalog: this.#catalog } });
    worker.on('message', (answer: AnalysisAnswer) => {
      const pending = this.#take(answer.id);
      if ('json' in answer) pending?.resolve(answer.json);
      else pending?.reject(StudioError.fromShape(answer.error));
    });
    const ended = (how: string): void => {
      if (this.#worker === worker) this.#worker = null;
      this.#failAll(new StudioError('internal', `The analysis thread ended: ${how}`, { hint: 'Try again.' }));
    };
    worker.on('error', (error: Error) => ended(error.message));
    worker.on('exit', (code) => ended(`code ${code}`));
    return worker;
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #failAll(error: StudioError): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(error);
  }

  #keep(key: string, json: string): void {
    if (json.length > LONGEST_KEPT) return;
    this.#kept.delete(key); // the newest goes to the end
    this.#kept.set(key, json);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }
}

function cancelled(): StudioError {
  return new StudioError('cancelled', 'The analysis was cancelled');
}

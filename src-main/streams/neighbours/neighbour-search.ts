/** The thread that finds similar images, seen from the engine. */
import { Worker } from 'node:worker_threads';
import { StudioError } from '../../../src-shared/errors.ts';
import type {
  NeighbourQuery,
  NeighbourReply,
  NeighbourRequest,
  NeighbourResult,
  NeighbourWorkerData,
} from './neighbour-worker.ts';

/**
 * Exact nearest neighbours by cosine, in a worker thread that starts with the first search: loading a matrix and searching it
 * never take the API's thread.
 */
export class NeighbourSearch {
  #workerData: NeighbourWorkerData;
  #bytes = 0;
  #worker: Worker | null = null;
  #nextId = 1;
  readonly #waiting = new Map<
    number,
    { resolve(result: NeighbourResult | null): void; reject(error: unknown): void }
  >();

  constructor(options: NeighbourWorkerData) {
    this.#workerData = options;
  }

  /** The nearest images of one vector. Throws StudioError: 'not-available' where the budget is too small, 'internal'. */
  async search(query: NeighbourQuery): Promise<NeighbourResult> {
    return (await this.#ask((this.#worker ??= this.#start()), { query }))!;
  }

  /** Bytes of resident vectors now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Another memory budget; what is over it goes. Throws StudioError internal. */
  async setBudget(budgetBytes: number): Promise<void> {
    this.#workerData = { ...this.#workerData, budgetBytes };
    if (this.#worker !== null) await this.#ask(this.#worker, { budgetBytes });
  }

  /** Call when features or datasets have changed. */
  invalidate(): void {
    this.#worker?.postMessage('invalidate' satisfies NeighbourRequest);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #ask(worker: Worker, what: { query: NeighbourQuery } | { budgetBytes: number }) {
    const id = this.#nextId++;
    return new Promise<NeighbourResult | null>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...what } satisfies NeighbourRequest);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./neighbour-worker.ts', import.meta.url), {
      workerData: this.#workerData,
    });
    let cause: unknown = new StudioError('internal', 'The search for similar images has stopped', {
      hint: 'Try again.',
    });
    worker.on('message', (reply: NeighbourReply) => {
      const call = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      this.#bytes = reply.bytes;
      if ('result' in reply) call?.resolve(reply.result);
      else call?.reject(StudioError.fromShape(reply.error));
    });
    worker.on('error', (error) => (cause = error));
    // The next search starts a new one.
    worker.on('exit', () => {
      this.#worker = null;
      this.#bytes = 0;
      for (const call of this.#waiting.values()) call.reject(cause);
      this.#waiting.clear();
    });
    return worker;
  }
}

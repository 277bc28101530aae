import { Worker } from 'node:worker_threads';
import { StudioError } from '../../../src-shared/errors.ts';
import type {
  NeighbourQuery,
  NeighbourReply,
  NeighbourRequest,
  NeighbourResult,
  NeighbourWorkerData,
} from './neighbour-worker.ts';

/** Memory for resident vectors unless BIQA_NEIGHBOUR_MB says otherwise. */
const DEFAULT_BUDGET_MB = 512;

/** The memory budget of the search in bytes: BIQA_NEIGHBOUR_MB (whole megabytes), else 512 MB. Throws StudioError bad-input. */
export function neighbourBudget(env: NodeJS.ProcessEnv = process.env): number {
  const text = env['BIQA_NEIGHBOUR_MB'];
  if (text === undefined || text === '') return DEFAULT_BUDGET_MB * 1e6;
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new StudioError('bad-input', `BIQA_NEIGHBOUR_MB is not a whole number of megabytes: "${text}"`, {
      hint: 'Give a number such as 512, or leave it out.',
    });
  }
  return Number(text) * 1e6;
}

/**
 * Exact nearest neighbours by cosine, in a worker thread that starts with the first search: loading a matrix and searching it
 * never take the API's thread.
 */
export class NeighbourSearch {
  readonly #workerData: NeighbourWorkerData;
  #worker: Worker | null = null;
  #nextId = 1;
  readonly #waiting = new Map<
    number,
    { resolve(result: NeighbourResult): void; reject(error: unknown): void }
  >();

  constructor(options: NeighbourWorkerData) {
    this.#workerData = options;
  }

  /** The nearest images of one vector. Throws StudioError: 'not-available' where the budget is too small, 'internal'. */
  search(query: NeighbourQuery): Promise<NeighbourResult> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, query } satisfies NeighbourRequest);
    });
  }

  /** Call when features or datasets have changed. */
  invalidate(): void {
    this.#worker?.postMessage('invalidate' satisfies NeighbourRequest);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
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
      if ('result' in reply) call?.resolve(reply.result);
      else call?.reject(StudioError.fromShape(reply.error));
    });
    worker.on('error', (error) => (cause = error));
    // The next search starts a new one.
    worker.on('exit', () => {
      this.#worker = null;
      for (const call of this.#waiting.values()) call.reject(cause);
      this.#waiting.clear();
    });
    return worker;
  }
}

import { Worker } from 'node:worker_threads';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { tensorSide } from '../../../src-shared/encoder-manifest.ts';
import type { ExtractItem } from '../read-picture.ts';
import type { CropReply, CropTask, CropWorkerData } from './crop-worker.ts';
import { CROP_COUNT } from './crops.ts';
import { createTurn } from './large-picture.ts';
import type { InputValues } from './preprocess.ts';

/** Pictures that a worker holds: one in work and one waiting, since nobody feeds it while a run blocks the thread. */
const IN_FLIGHT = 2;

/**
 * Decodes and preprocesses pictures in worker threads, never more than `tensors` ahead of the model: a picture is only
 * begun when a tensor for its five crops is free. One of an encoder process.
 */
export class CropPool {
  readonly #workers: { worker: Worker; inFlight: number }[];
  readonly #free: InputValues[];
  readonly #waiting: ExtractItem[] = [];
  readonly #ready: CropReply[] = [];
  #wake: () => void = () => undefined;

  /** `tensors` bounds the memory: each takes 5 x 3 x side x side values. `onError`: a worker has died. */
  constructor(options: {
    manifest: EncoderManifest;
    workers: number;
    tensors: number;
    onError(error: unknown): void;
  }) {
    const { manifest, workers, tensors, onError } = options;
    const workerData: CropWorkerData = { manifest, turn: createTurn() };
    const length = CROP_COUNT * 3 * tensorSide(manifest.preprocessing) ** 2;
    this.#free = Array.from({ length: tensors }, () =>
      manifest.input.dtype === 'float16' ? new Uint16Array(length) : new Float32Array(length),
    );
    this.#workers = Array.from({ length: workers }, () => {
      const worker = new Worker(new URL('./crop-worker.ts', import.meta.url), { workerData });
      const state = { worker, inFlight: 0 };
      worker.on('error', onError);
      worker.on('message', (reply: CropReply) => {
        state.inFlight--;
        this.#ready.push(reply);
        this.#feed();
        this.#wake();
      });
      return state;
    });
  }

  add(item: ExtractItem): void {
    this.#waiting.push(item);
    this.#feed();
  }

  /** Up to `most` pictures that are ready, in order of completion; waits for the first. */
  async take(most: number): Promise<CropReply[]> {
    while (this.#ready.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#ready.splice(0, most);
  }

  /** Gives the tensors back. */
  recycle(taken: readonly CropReply[]): void {
    this.#free.push(...taken.map(({ values }) => values));
    this.#feed();
  }

  #feed(): void {
    for (;;) {
      const least = this.#workers.reduce((a, b) => (b.inFlight < a.inFlight ? b : a));
      if (least.inFlight >= IN_FLIGHT || this.#waiting.length === 0 || this.#free.length === 0) return;
      const task: CropTask = { item: this.#waiting.shift()!, values: this.#free.pop()! };
      least.inFlight++;
      least.worker.postMessage(task, [task.values.buffer as ArrayBuffer]);
    }
  }
}

/** Tensors that keep `workers` busy while a run of `pictures` is on. */
export function tensorsFor(workers: number, pictures: number): number {
  return workers * IN_FLIGHT + pictures;
}

import { errorOf, isAborted } from '../api.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { StudioEvent } from '../../src-shared/jobs.ts';
import type { EventStream } from './events.svelte.ts';

/** What a "changed" event can be about. */
export type Noun = Extract<StudioEvent, { type: 'changed' }>['noun'];

/** One answer of the engine: keeps the last data while a newer one loads, and reloads when its nouns change. */
export class Query<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ErrorShape | null>(null);
  loading = $state(true);
  #load: (signal: AbortSignal) => Promise<T>;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: () => void;

  constructor(events: EventStream, nouns: readonly Noun[], load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
    this.#stop = events.listen((event) => {
      if (event.type === 'hello' && this.error !== null) this.reload();
      if (event.type === 'changed' && nouns.includes(event.noun)) this.#reloadSoon();
    });
    void this.reload();
  }

  /** Asks again; the newest answer wins. */
  reload = async (): Promise<void> => {
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    this.loading = true;
    try {
      const data = await this.#load(abort.signal);
      if (abort.signal.aborted) return;
      this.data = data;
      this.error = null;
    } catch (error) {
      if (abort.signal.aborted || isAborted(error)) return;
      this.error = errorOf(error);
    }
    this.loading = false;
  };

  destroy(): void {
    this.#stop();
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  /** A job changes its nouns many times a second: one reload per stretch is enough. */
  #reloadSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.reload();
    }, 200);
  }
}

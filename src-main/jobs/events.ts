import type { StudioEvent } from '../../src-shared/jobs.ts';

/** Fan-out of studio events to any number of listeners (windows, command lines). */
export class EventHub {
  readonly #listeners = new Set<(event: StudioEvent) => void>();

  /** Calls `listener` for every event from now on; returns the way to stop it. */
  subscribe(listener: (event: StudioEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: StudioEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

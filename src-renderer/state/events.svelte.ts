import type { StudioEvent } from '../../src-shared/jobs.ts';

/** Hears every event of the stream. */
export type Listener = (event: StudioEvent) => void;

/** The window's one event stream. EventSource reconnects by itself; listeners hear 'hello' again when it did. */
export class EventStream {
  connected = $state(true);
  version = $state('');
  #source: EventSource;
  #listeners: Listener[] = [];

  constructor(url = '/events') {
    this.#source = new EventSource(url);
    this.#source.onopen = () => (this.connected = true);
    this.#source.onerror = () => (this.connected = false);
    this.#source.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as StudioEvent;
      if (event.type === 'hello') this.version = event.version;
      for (const listener of this.#listeners) listener(event);
    };
  }

  /** Adds a listener and returns how to remove it. */
  listen(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  destroy(): void {
    this.#source.close();
    this.#listeners = [];
  }
}

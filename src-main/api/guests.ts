/**
 * Commands that work with an engine of another command: that one waits for them before it closes the engine.
 * A guest holds one request open for as long as it lives, so that one that is killed counts as gone.
 */
export class Guests {
  #present = 0;
  #waiting: (() => void)[] = [];

  get present(): number {
    return this.#present;
  }

  /** GET /guest: a response without content that lasts until the guest goes. */
  enter(request: Request): Response {
    this.#present++;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      if (--this.#present > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        // It names the request, and so keeps it: a request that is garbage collected never hears of its abort.
        const end = () => {
          request.signal.removeEventListener('abort', end);
          if (left) return;
          leave();
          controller.close();
        };
        if (request.signal.aborted) end();
        else request.signal.addEventListener('abort', end);
      },
      cancel: leave,
    });
    return new Response(body, { headers: { 'cache-control': 'no-store' } });
  }

  /** Resolves when no guest is left. */
  gone(): Promise<void> {
    return this.#present === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

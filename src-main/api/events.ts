import type { StudioEvent } from '../../src-shared/jobs.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import type { Services } from './services.ts';

const HEARTBEAT_MS = 15_000;
/** Messages that wait for a slow reader. */
const MAX_UNREAD = 10_000;

/** GET /events: every studio event as server-sent events, until the client goes. */
export function eventStream({ events, home, queue }: Services, request: Request): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        // A reader that sleeps must not fill the memory: it is let go, and EventSource comes back by itself.
        if ((controller.desiredSize ?? 0) < -MAX_UNREAD) return end();
        controller.enqueue(encoder.encode(text));
      };
      // It names the request, and so keeps it: a request that is garbage collected never hears of its abort.
      const end = () => {
        request.signal.removeEventListener('abort', end);
        stop();
        try {
          controller.close();
        } catch {
          // already closed by the reader
        }
      };
      const send = (event: StudioEvent) => write(`data: ${JSON.stringify(event)}\n\n`);
      const unsubscribe = events.subscribe(send);
      // Keeps proxies and the reader's own time-out from closing a quiet stream; never keeps a command alive.
      const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS).unref();
      stop = () => {
        unsubscribe();
        clearInterval(heartbeat);
      };
      if (request.signal.aborted) return end();
      request.signal.addEventListener('abort', end);
      send({ type: 'hello', version: STUDIO_VERSION, home: home.folder });
      for (const job of queue.list(20).reverse()) send({ type: 'job', job });
    },
    cancel: () => stop(),
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
}

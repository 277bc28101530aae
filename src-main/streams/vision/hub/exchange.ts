/** One HTTP exchange. node:http rather than fetch: when a connection dies, fetch drops the chunks that have arrived but
 *  were not read yet, so that a line cut every 64 KiB would never get anywhere (measured). */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** A reply's head; `chunks` gives every byte that arrived, and only then throws what cut it off. */
export type Exchange = {
  status: number;
  headers: Headers;
  chunks: () => AsyncGenerator<Uint8Array, void>;
  /** Ends the exchange; the connection is given up unless the body was complete. */
  close: () => void;
};

/** Bytes that may wait for the disk before the network is told to wait. */
const QUEUE_BYTES = 1024 * 1024;

/** The error of a connection on which nothing came for too long. */
export class Silence extends Error {
  constructor(ms: number) {
    super(`nothing came for ${ms / 1000} s`);
  }
}

/** Sends a request without body and resolves with the head of the reply. `stallMs` is the longest silence: before the
 *  head, and between pieces of the body while we are ready to take them. Throws Silence and Node's connection errors. */
export function exchange({
  url,
  method,
  headers,
  stallMs,
  signal,
}: {
  url: URL;
  method: 'GET' | 'HEAD';
  headers: Record<string, string>;
  stallMs: number;
  signal: AbortSignal | undefined;
}): Promise<Exchange> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, { method, headers, ...(signal === undefined ? {} : { signal }) });
  const clock = silenceClock(stallMs, (silence) => request.destroy(silence));
  clock.restart();
  request.on('error', (error) => {
    clock.stop();
    reject(error);
  });
  request.on('response', (response) => {
    const body = takeBody(response, clock);
    resolve({
      status: response.statusCode ?? 0,
      headers: plainHeaders(response),
      chunks: body.chunks,
      close: () => {
        clock.stop();
        if (!response.complete) response.destroy();
      },
    });
  });
  request.end();
  return promise;
}

type Clock = { restart: () => void; stop: () => void; rang: () => Silence | null };

function silenceClock(ms: number, onSilence: (silence: Silence) => void): Clock {
  let timer: NodeJS.Timeout | undefined;
  let silence: Silence | null = null;
  return {
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(() => onSilence((silence = new Silence(ms))), ms);
    },
    stop: () => clearTimeout(timer),
    rang: () => silence,
  };
}

function plainHeaders(response: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers))
    if (typeof value === 'string') headers.set(name, value);
  return headers;
}

/** Takes the body off the connection as it comes, into a queue of our own. */
function takeBody(response: IncomingMessage, clock: Clock) {
  let queue: Uint8Array[] = [];
  let queued = 0;
  let ended: { error: Error | null } | null = null;
  let wake = (): void => undefined;
  const end = (error: Error | null) => {
    ended ??= { error: error === null ? null : (clock.rang() ?? error) }; // Node itself says ECONNRESET
    clock.stop();
    wake();
  };
  clock.restart();
  response.on('data', (chunk: Buffer) => {
    queue.push(chunk);
    queued += chunk.length;
    if (queued >= QUEUE_BYTES) {
      response.pause();
      clock.stop(); // the silence is ours now
    } else clock.restart();
    wake();
  });
  response.on('end', () => end(null));
  response.on('error', end);
  response.on('close', () => end(new Error('the connection was closed')));

  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      if (queue.length > 0) {
        const waited = queue.length === 1 ? queue[0]! : Buffer.concat(queue); // one write, not twenty
        queue = [];
        queued = 0;
        if (response.isPaused()) {
          response.resume();
          clock.restart();
        }
        yield waited;
      } else if (ended !== null) {
        if (ended.error !== null) throw ended.error;
        return;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return { chunks };
}

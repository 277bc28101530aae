/** Node's http <-> the web's Request and Response: streaming both ways, back-pressure, abort when the client goes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { StudioError } from '../../src-shared/errors.ts';
import { errorResponse } from './error-response.ts';

/** Largest request body that a host takes: label files and experiment specs are far smaller, feature files travel by path. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Runs `answer` for one http exchange; a thrown error becomes a JSON error, a body over `maxBody` bytes a 413.
 *  `origin` ('http://127.0.0.1:80') is what the request's URL starts with; the request line cannot change it. */
export async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  origin: string,
  answer: (request: Request) => Promise<Response>,
  maxBody: number = MAX_BODY_BYTES,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const body = new BodyLimit(maxBody);
  let response: Response;
  try {
    if (!incoming.url?.startsWith('/')) throw new StudioError('bad-input', 'The request names no path');
    if (Number(incoming.headers['content-length'] ?? 0) > maxBody) throw body.error();
    response = await answer(toRequest(incoming, origin + incoming.url, body, gone.signal));
    if (body.exceeded) throw body.error();
  } catch (error) {
    response = body.exceeded ? errorResponse(body.error(), 413) : errorResponse(error);
  }
  // The rest of a refused body is not read: the connection is closed behind the answer.
  if (!incoming.complete && hasBody(incoming)) outgoing.setHeader('connection', 'close');
  await send(response, outgoing, incoming.method === 'HEAD');
}

/** Counts a body's bytes and fails the stream beyond `max`. */
class BodyLimit extends Transform {
  exceeded = false;
  private seen = 0;
  private readonly max: number;

  constructor(max: number) {
    super();
    this.max = max;
  }

  error(): StudioError {
    this.exceeded = true;
    return new StudioError(
      'bad-input',
      `The request's body is over ${Math.round(this.max / 1024 / 1024)} MB`,
    );
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null, data?: Buffer) => void,
  ) {
    this.seen += chunk.length;
    if (this.seen > this.max) done(this.error());
    else done(null, chunk);
  }
}

function hasBody(incoming: IncomingMessage): boolean {
  return (
    incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length'] ?? 0) > 0
  );
}

function toRequest(incoming: IncomingMessage, url: string, limit: Transform, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    headers.append(incoming.rawHeaders[at]!, incoming.rawHeaders[at + 1]!);
  }
  const method = incoming.method ?? 'GET';
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers, signal });
  incoming.on('error', (error) => limit.destroy(error));
  limit.on('error', () => undefined); // the reader of the web stream sees it
  const body = Readable.toWeb(incoming.pipe(limit)) as ReadableStream;
  return new Request(url, { method, headers, signal, body, duplex: 'half' } as RequestInit);
}

/** Writes a web Response to Node's http; resolves when it is sent or the client is gone. */
async function send(response: Response, outgoing: ServerResponse, headOnly: boolean): Promise<void> {
  if (outgoing.destroyed) return void response.body?.cancel();
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  if (response.body === null || headOnly) {
    await response.body?.cancel();
    outgoing.end();
    return;
  }
  // An event stream may have nothing to say for minutes: its headers go at once.
  outgoing.flushHeaders();
  try {
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing);
  } catch {
    // The client went away, or the source failed after the headers: both end as a broken connection.
    outgoing.destroy();
  }
}

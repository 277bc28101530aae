/** fetch() over the engine's local socket, for the command line and the shell. */
import { lstatSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { StudioError } from '../../src-shared/errors.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import type { ClientTrust } from './handler.ts';
import { TRUST_HEADER, VERSION_HEADER } from './socket-protocol.ts';

const NO_BODY = new Set([204, 205, 304]);
// Headers of one connection, not of the message: they are not passed on.
const OF_THE_CONNECTION = ['host', 'connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect'];

/** Sends a web Request (its path, headers and body; its host does not matter) to the engine and resolves with the Response
 *  as soon as the headers are there. Bodies stream both ways; the request's signal aborts both.
 *  Throws 'not-found' where nobody listens and the signal's reason when aborted. */
export async function socketFetch(
  socketPath: string,
  token: string,
  request: Request,
  trust: ClientTrust,
): Promise<Response> {
  request.signal.throwIfAborted();
  checkOwner(socketPath);
  const { pathname, search } = new URL(request.url);
  const headers: Record<string, string> = Object.fromEntries(request.headers);
  for (const name of OF_THE_CONNECTION) delete headers[name];
  headers['authorization'] = `Bearer ${token}`;
  headers[VERSION_HEADER] = STUDIO_VERSION;
  headers[TRUST_HEADER] = trust;
  const outgoing = httpRequest({
    socketPath,
    path: pathname + search,
    method: request.method,
    headers,
    agent: false, // a stream of events must not hold a pooled connection
    signal: request.signal,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject); // stays, for errors after the answer (an aborted stream)
  });
  if (request.body === null) outgoing.end();
  else {
    // An engine that refuses a body answers before it has read it: the broken pipe is then no error of ours.
    pipeline(Readable.fromWeb(request.body as NodeReadableStream), outgoing).catch(() => undefined);
  }
  let incoming: IncomingMessage;
  try {
    incoming = await answered;
  } catch (error) {
    request.signal.throwIfAborted();
    throw unreachable(socketPath, error);
  }
  incoming.on('error', () => undefined); // the reader of the body sees it
  const status = incoming.statusCode ?? 500;
  const answerHeaders = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    answerHeaders.append(incoming.rawHeaders[at]!, incoming.rawHeaders[at + 1]!);
  }
  for (const name of OF_THE_CONNECTION) answerHeaders.delete(name);
  const empty = NO_BODY.has(status) || request.method === 'HEAD';
  if (empty) incoming.resume();
  const body = empty ? null : (Readable.toWeb(incoming) as ReadableStream);
  return new Response(body, { status, statusText: incoming.statusMessage ?? '', headers: answerHeaders });
}

/** The temporary folder is everybody's: a socket of another user's at this path must not get the token. */
function checkOwner(socketPath: string): void {
  if (process.platform === 'win32') return;
  const stats = lstatSync(socketPath, { throwIfNoEntry: false });
  if (stats === undefined) throw unreachable(socketPath);
  if (!stats.isSocket() || stats.uid !== process.getuid?.()) {
    throw new StudioError('forbidden', `The engine's socket belongs to somebody else: ${socketPath}`, {
      file: socketPath,
    });
  }
}

function unreachable(socketPath: string, cause?: unknown): StudioError {
  return new StudioError('not-found', 'No engine answers on its socket', {
    file: socketPath,
    hint: 'It may have been closed just now; try again.',
    cause,
  });
}

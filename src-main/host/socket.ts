/** The engine on its local socket: the command line and the shell come in here. */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import { homeHash } from '../home/home.ts';
import type { Home } from '../home/home.ts';
import { errorResponse } from './error-response.ts';
import type { ClientTrust, EngineHandler } from './handler.ts';
import { respond } from './node-http.ts';
import { sameSecret } from './secrets.ts';
import { HEALTH_PATH, TRUST_HEADER, VERSION_HEADER } from './socket-protocol.ts';

// sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
const MAX_SOCKET_PATH = 103;

/** Where the engine of a home listens: a pipe's name on Windows, else a path of at most 103 bytes. */
export function socketPathFor(
  home: Home,
  platform: NodeJS.Platform = process.platform,
  folder = tmpdir(),
): string {
  const name = `biqa-studio-${homeHash(home)}`;
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const wanted = path.join(folder, `${name}.sock`);
  return Buffer.byteLength(wanted) <= MAX_SOCKET_PATH ? wanted : path.posix.join('/tmp', `${name}.sock`);
}

/** An engine that listens; close() breaks open connections and removes the socket's file. */
export type ListeningSocket = { path: string; close(): Promise<void> };

/** Puts the handler on the home's socket (0600). The caller holds the home's lock, so a socket file that is there is stale.
 *  Every request needs `authorization: Bearer token` and this version in x-studio-version. */
export async function listenSocket(
  handler: EngineHandler,
  home: Home,
  token: string,
): Promise<ListeningSocket> {
  const server = createServer({ requestTimeout: 0 }, (incoming, outgoing) => {
    void respond(
      incoming,
      outgoing,
      'http://localhost',
      (request) => answer(handler, token, request),
      Infinity,
    );
  });
  const socketPath = socketPathFor(home);
  removeStaleSocket(socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The umask is in force while listen() binds (it does so before it returns): there is no moment with wider rights.
    const umask = process.umask(0o177);
    server.listen(socketPath, resolve);
    process.umask(umask);
  });
  if (process.platform !== 'win32') chmodSync(socketPath, 0o600);
  return {
    path: socketPath,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(handler: EngineHandler, token: string, request: Request): Promise<Response> {
  const given = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
  if (!sameSecret(given, token)) {
    return errorResponse(new StudioError('forbidden', "The engine's socket needs its token"));
  }
  const version = request.headers.get(VERSION_HEADER);
  if (version !== STUDIO_VERSION) {
    return errorResponse(
      new StudioError(
        'version-mismatch',
        `The running engine is version ${STUDIO_VERSION}, this program is version ${version ?? 'unknown'}`,
        { hint: 'Close the running BIQA Studio (window or `studio serve`), then try again.' },
      ),
    );
  }
  if (new URL(request.url).pathname === HEALTH_PATH) return new Response(null, { status: 204 });
  const trust: ClientTrust = request.headers.get(TRUST_HEADER) === 'local' ? 'local' : 'window';
  const headers = new Headers(request.headers);
  for (const name of ['authorization', VERSION_HEADER, TRUST_HEADER]) headers.delete(name);
  return handler(new Request(request, { headers }), { trust });
}

function removeStaleSocket(socketPath: string): void {
  if (process.platform === 'win32') return; // a pipe goes with its process
  const stats = lstatSync(socketPath, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSocket() && stats.uid === process.getuid?.()) rmSync(socketPath);
  else {
    throw new StudioError('conflict', `Something else is in the way of the engine's socket: ${socketPath}`, {
      file: socketPath,
      hint: 'Remove it, or set TMPDIR to a folder of your own.',
    });
  }
}

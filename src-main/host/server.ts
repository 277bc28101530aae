/** The browser host: the engine on 127.0.0.1, for one person with the printed URL. See docs/security.md. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StudioError } from '../../src-shared/errors.ts';
import { homeHash } from '../home/home.ts';
import type { Home } from '../home/home.ts';
import { errorResponse } from './error-response.ts';
import type { EngineHandler } from './handler.ts';
import { MAX_BODY_BYTES, respond } from './node-http.ts';
import { newToken, sameSecret } from './secrets.ts';
import { withSecurityHeaders } from './security-headers.ts';

/** `port` 0 or absent: any free one. `home` names the cookie, so that two studios on one host do not log each other out. */
export type ServeOptions = { home: Pick<Home, 'folder'>; port?: number; maxBody?: number };

/** A server that listens: `url` carries the token and is what to print and open; close() breaks open connections. */
export type Serving = { url: string; port: number; close(): Promise<void> };

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** Serves the engine to a browser on this machine (or through an SSH tunnel). Throws 'conflict' where the port is taken. */
export async function serve(handler: EngineHandler, options: ServeOptions): Promise<Serving> {
  const door = new Door(`studio-${homeHash(options.home)}`);
  const server = createServer({ requestTimeout: 0 }, (incoming, outgoing) => {
    const answer = async (request: Request) => {
      try {
        const refusal = door.refuse(request) ?? door.enter(request) ?? door.requireCookie(request);
        return withSecurityHeaders(refusal ?? (await handler(request, { trust: 'window' })));
      } catch (error) {
        return withSecurityHeaders(errorResponse(error));
      }
    };
    const port = (server.address() as AddressInfo | null)?.port ?? 0;
    void respond(incoming, outgoing, `http://127.0.0.1:${port}`, answer, options.maxBody ?? MAX_BODY_BYTES);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const hint = 'Choose another with --port, or leave --port out.';
      reject(
        taken ? new StudioError('conflict', `Port ${options.port} is taken`, { hint, cause: error }) : error,
      );
    });
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/?token=${door.token}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Who may come in. Each check returns the response that ends the request, or null to go on. */
class Door {
  readonly token = newToken();
  private readonly session = newToken();
  private readonly cookie: string;

  constructor(cookie: string) {
    this.cookie = cookie;
  }

  /** Refuses other sites: a foreign Host is DNS rebinding, a foreign Origin or Sec-Fetch-Site another page's request. */
  refuse(request: Request): Response | null {
    const host = request.headers.get('host') ?? '';
    if (!LOOPBACK_HOST.test(host)) return forbidden('The Host of the request is not this machine');
    const origin = request.headers.get('origin');
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (origin === null ? !reads : origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
      return forbidden('The request comes from another site');
    }
    // A page on another port of this machine is "same-site" and would bring the cookie; only navigations may come from there.
    const site = request.headers.get('sec-fetch-site') ?? 'none';
    const navigation = reads && request.headers.get('sec-fetch-mode') === 'navigate';
    if (!['none', 'same-origin'].includes(site) && !navigation) {
      return forbidden('The request comes from another site');
    }
    return null;
  }

  /** Exchanges the token of the printed URL for the cookie and leads on to the URL without it. */
  enter(request: Request): Response | null {
    const url = new URL(request.url);
    const given = url.searchParams.get('token');
    if (given === null || request.method !== 'GET') return null;
    if (!sameSecret(given, this.token)) return forbidden('The token in the URL is not of this studio', HINT);
    url.searchParams.delete('token');
    const headers = new Headers({
      'set-cookie': `${this.cookie}=${this.session}; HttpOnly; SameSite=Strict; Path=/`,
      'cache-control': 'no-store',
    });
    const clean = url.pathname.replace(/^\/+/, '/') + url.search; // '//host/' would lead elsewhere
    if (['none', 'same-origin'].includes(request.headers.get('sec-fetch-site') ?? 'none')) {
      headers.set('location', clean);
      return new Response(null, { status: 303, headers });
    }
    // Clicked in another site's page (a web terminal): a Strict cookie would not travel along a redirect, but does on a refresh.
    headers.set('refresh', `0; url=${clean}`);
    return new Response('Opening BIQA Studio', { headers });
  }

  requireCookie(request: Request): Response | null {
    const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim());
    const own = pairs.filter((pair) => pair.startsWith(`${this.cookie}=`));
    const known = own.some((pair) => sameSecret(pair.slice(this.cookie.length + 1), this.session));
    return known ? null : forbidden('This browser has not been let in yet', HINT);
  }
}

const HINT = 'Open the URL that `studio serve` printed last; it holds a fresh token after every start.';

function forbidden(message: string, hint?: string): Response {
  return errorResponse(new StudioError('forbidden', message, hint === undefined ? {} : { hint }));
}

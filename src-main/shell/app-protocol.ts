/** app://studio/: the window's origin. Every request is forwarded to the engine, as from a page. */
import { protocol } from 'electron';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { errorResponse } from '../host/error-response.ts';
import type { EngineHandler } from '../host/handler.ts';
import { withSecurityHeaders } from '../host/security-headers.ts';

/** The window's origin. */
export const APP_ORIGIN = 'app://studio';

const ENGINE_PATHS = /^\/(trpc|events|image|thumb|export)(\/|$)/;

/** Makes app: a full origin (relative URLs, fetch, streams, 'self' in the CSP). Must run before the app is ready. */
export function registerAppScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true };
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }]);
}

/** Answers app: requests from the engine; bodies stream both ways, so events arrive one by one.
 *  `devServer`: Vite's URL under `npm run dev`, which then has the renderer's files. */
export function serveApp(handler: EngineHandler, devServer?: string): void {
  protocol.handle('app', async (request) => {
    const url = new URL(request.url);
    if (devServer !== undefined && url.host === 'studio' && !ENGINE_PATHS.test(url.pathname)) {
      return fetch(new URL(url.pathname + url.search, devServer)); // no CSP: Vite's hot reload injects styles
    }
    return withSecurityHeaders(await answer(handler, request, url));
  });
}

async function answer(handler: EngineHandler, request: Request, url: URL): Promise<Response> {
  const origin = request.headers.get('origin');
  if (url.host !== 'studio' || (origin !== null && origin !== APP_ORIGIN)) {
    return errorResponse(new StudioError('forbidden', `Only ${APP_ORIGIN} is served, and to itself only`));
  }
  try {
    return await handler(request, { trust: 'window' });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    const accept = request.headers.get('accept') ?? '';
    if (accept.includes('text/html')) return waitingPage(error);
    // An EventSource gives up for good on an answer that is no stream; after an empty stream it asks again.
    if (accept.includes('text/event-stream')) {
      return new Response('retry: 1000\n\n', { headers: { 'content-type': 'text/event-stream' } });
    }
    return errorResponse(error, 503);
  }
}

/** Shown instead of the window while there is no engine; asks again every two seconds. */
function waitingPage(error: unknown): Response {
  const { message, hint } = errorShape(error);
  const escape = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>BIQA Studio</title>
<h1>The engine of BIQA Studio is not running</h1><p>${escape(message)}</p><p>${escape(hint ?? '')}</p><p>Trying again …</p></html>`;
  const headers = { 'content-type': 'text/html; charset=utf-8', refresh: '2', 'cache-control': 'no-store' };
  return new Response(html, { status: 503, headers });
}

/** Serves the built renderer: files below one folder and nothing else. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';
import { errorResponse } from './error-response.ts';
import { rangeResponse } from './ranges.ts';

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

// Vite's names: assets/name-<8 characters of hash>.ext
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/;

/** Answers GET and HEAD below `root`: the file, index.html for a page of the app (a name without extension), else 404.
 *  Hashed assets may be kept for ever, all else is asked for anew. */
export async function serveStatic(root: string, request: Request): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return errorResponse(new StudioError('bad-input', 'Only GET and HEAD here'), 405);
  }
  let name: string;
  try {
    name = decodeURIComponent(new URL(request.url).pathname);
  } catch {
    return errorResponse(new StudioError('bad-input', 'The URL is not well-formed'));
  }
  const file = await fileBelow(root, name);
  if (file !== null) return sendFile(request, file, HASHED.test(name));
  if (path.posix.extname(name) !== '')
    return errorResponse(new StudioError('not-found', `No such file: ${name}`));
  const index = await fileBelow(root, 'index.html');
  if (index !== null) return sendFile(request, index, false);
  return errorResponse(
    new StudioError('not-found', 'The window has not been built', {
      hint: 'Run `npm run build`, then reload.',
    }),
    503,
  );
}

/** The real path of a file below root, null where there is none: `..`, encoded or not, backslashes, NUL and links end here. */
async function fileBelow(root: string, name: string): Promise<string | null> {
  if (/[\\\0]/.test(name) || name.split('/').includes('..')) return null;
  try {
    const realRoot = await realpath(root);
    const file = await realpath(path.join(realRoot, name));
    if (!file.startsWith(realRoot + path.sep)) return null;
    return (await stat(file)).isFile() ? file : null;
  } catch {
    return null;
  }
}

async function sendFile(request: Request, file: string, hashed: boolean): Promise<Response> {
  const { size, mtimeMs } = await stat(file);
  const contentType = CONTENT_TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream';
  const response = await rangeResponse(request, { file }, contentType, `"${size}-${Math.round(mtimeMs)}"`);
  response.headers.set('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  return response;
}

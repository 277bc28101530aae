import { readFile, stat } from 'node:fs/promises';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { makeThumbnail, viewablePicture } from '../images/thumbnail.ts';
import { rangeResponse } from '../host/ranges.ts';
import type { Services } from './services.ts';

const THUMBNAIL_SIZES = [128, 256, 512];
/** Thumbnails made at the same time: sharp's own threads do the work, the rest waits its turn. */
const CONCURRENT_THUMBNAILS = 4;

/**
 * GET /job-picture/:job/:position[?s=128]: a picture that a finished job has scored, whole or as a WebP thumbnail. The
 * page names it by its place in the result; the file may have gone or changed since.
 */
export async function jobPictureResponse(
  { results }: Services,
  { job, position }: { job: number; position: number },
  request: Request,
): Promise<Response> {
  const file = results.picture(job, position);
  const asked = new URL(request.url).searchParams.get('s');
  const info = await orFileError(stat(file), file);
  const etag = `"${info.mtimeMs}-${info.size}-${asked ?? 'whole'}"`;
  const headers = { etag, 'cache-control': 'private, no-cache' };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  if (asked === null) {
    const { bytes, contentType } = await viewablePicture(await orFileError(readFile(file), file), file);
    return rangeResponse(request, bytes, contentType, etag);
  }
  const size = Number(asked);
  if (!THUMBNAIL_SIZES.includes(size)) {
    throw new StudioError('bad-input', `No thumbnails of size ${asked}`, {
      hint: `Sizes: ${THUMBNAIL_SIZES.join(', ')}.`,
    });
  }
  const bytes = await looseThumbnail(file, size, request.signal);
  return new Response(new Uint8Array(bytes), { headers: { ...headers, 'content-type': 'image/webp' } });
}

let free = CONCURRENT_THUMBNAILS;
const waiting: (() => void)[] = [];

/** A WebP thumbnail of any file, a few at a time. Throws StudioError where it can not be read, cancelled after an abort. */
export async function looseThumbnail(file: string, size: number, signal?: AbortSignal): Promise<Buffer> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free--;
  try {
    if (signal?.aborted) throw new StudioError('cancelled', 'No longer asked for');
    return await makeThumbnail(await orFileError(readFile(file), file), file, size);
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}

function orFileError<T>(work: Promise<T>, file: string): Promise<T> {
  return work.catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
}

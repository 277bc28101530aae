import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { ImageRow } from '../catalog/images.ts';
import type { ThumbnailCache, ThumbnailKey } from '../images/thumbnail-cache.ts';
import { makeThumbnail, viewablePicture } from '../images/thumbnail.ts';
import { rangeResponse } from '../host/ranges.ts';
import { fileOf, referenceOf } from './picture-files.ts';
import type { Services } from './services.ts';

const THUMBNAIL_SIZES = [128, 256, 512];
/** Thumbnails made at the same time: sharp's own threads do the work, the rest waits its turn. */
const CONCURRENT_THUMBNAILS = 4;

/** GET /image/:id: the picture as the decoder sees it, in a form that a browser shows; ranges answered. */
export async function imageResponse({ reader }: Services, id: number, request: Request): Promise<Response> {
  const image = reader.images.get(id);
  const file = fileOf(reader, image);
  const etag = `"${image.content.slice(0, 32)}"`;
  const { bytes, contentType } = await viewablePicture(await read(file), file);
  return rangeResponse(request, bytes, contentType, etag);
}

/** GET /reference/:id: the image's reference, a row of the catalog or a file beside the image, as /image/:id answers. */
export async function referenceResponse(
  { reader }: Services,
  id: number,
  request: Request,
): Promise<Response> {
  const image = reader.images.get(id);
  const { file } = referenceOf(reader, image);
  if (file === null) {
    throw new StudioError('not-found', `The reference of ${image.name} is not in the dataset folder`, {
      hint: 'Put the pristine picture beside the image, under the name that the label file gives.',
    });
  }
  const original = await read(file);
  const { bytes, contentType } = await viewablePicture(original, file);
  return rangeResponse(request, bytes, contentType, `"${hash('sha256', original).slice(0, 32)}"`);
}

/** GET /thumb/:id?s=256: a WebP thumbnail, made on first use and kept in the home within a size bound. */
export async function thumbnailResponse(services: Services, id: number, request: Request): Promise<Response> {
  const size = Number(new URL(request.url).searchParams.get('s') ?? 256);
  if (!THUMBNAIL_SIZES.includes(size)) {
    throw new StudioError('bad-input', `No thumbnails of size ${size}`, {
      hint: `Sizes: ${THUMBNAIL_SIZES.join(', ')}.`,
    });
  }
  const image = services.reader.images.get(id);
  const etag = `"${image.content.slice(0, 32)}-${size}"`;
  // Asked again every time: a re-import may give an image other contents. The answer is then a 304 without a body.
  const headers = { etag, 'cache-control': 'private, no-cache' };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const bytes = await thumbnail(services, image, size, request.signal);
  return new Response(new Uint8Array(bytes), { headers: { ...headers, 'content-type': 'image/webp' } });
}

/** A picture as a data: URL of a WebP whose longer side is 128 px; null where it can not be read. */
export async function thumbnailUrl(
  services: Services,
  id: number,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const bytes = await thumbnail(services, services.reader.images.get(id), 128, signal);
    return `data:image/webp;base64,${bytes.toString('base64')}`;
  } catch (error) {
    if (error instanceof StudioError && error.code !== 'cancelled' && error.code !== 'internal') return null;
    throw error;
  }
}

async function thumbnail(
  { reader, thumbnails }: Services,
  image: ImageRow,
  size: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const key = { content: image.content, size };
  return (await thumbnails.get(key)) ?? makeKept(thumbnails, key, fileOf(reader, image), signal);
}

let free = CONCURRENT_THUMBNAILS;
const waiting: (() => void)[] = [];

async function makeKept(
  thumbnails: ThumbnailCache,
  key: ThumbnailKey,
  file: string,
  signal: AbortSignal,
): Promise<Buffer> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free--;
  try {
    if (signal.aborted) throw new StudioError('cancelled', 'No longer asked for');
    const original = await read(file);
    const bytes = await makeThumbnail(original, file, key.size);
    // A file that changed since the import is shown as it is now, but not kept under the old contents' name.
    if (hash('sha256', original) === key.content) await thumbnails.put(key, bytes);
    return bytes;
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}

function read(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
}

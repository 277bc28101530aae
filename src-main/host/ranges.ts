/** Byte ranges and conditional requests (RFC 9110, sections 13 and 14) for one file or buffer. */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { StudioError, errorShape } from '../../src-shared/errors.ts';

/** What is sent: bytes in memory, or a file that is streamed. */
export type RangeSource = Uint8Array | { file: string };

/** A range of bytes, both ends included; 'unsatisfiable' where nothing of it exists; null = send everything. */
export type ByteRange = { first: number; last: number } | 'unsatisfiable' | null;

/** Reads a Range header for a body of `size` bytes. Several ranges, other units and nonsense mean: send everything. */
export function parseRange(header: string | null, size: number): ByteRange {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  if (match[1] === '') {
    const length = Number(match[2]);
    return length === 0 || size === 0
      ? 'unsatisfiable'
      : { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== '' && Number(match[2]) < first) return null;
  return first >= size ? 'unsatisfiable' : { first, last };
}

/** 200, 206, 304 or 416 for a GET or HEAD. `etag` is quoted ("..."), strong, and changes with the bytes.
 *  Throws 'not-found' or 'no-permission' with the file's name. */
export async function rangeResponse(
  request: Request,
  source: RangeSource,
  contentType: string,
  etag: string,
): Promise<Response> {
  const headers = new Headers({ 'content-type': contentType, etag, 'accept-ranges': 'bytes' });
  if (matches(request.headers.get('if-none-match'), etag))
    return new Response(null, { status: 304, headers });
  const opened = source instanceof Uint8Array ? inMemory(source) : await onDisk(source.file);
  // A Range is meant for the bytes that If-Range names; when those changed, all of the new ones are due.
  const condition = request.headers.get('if-range');
  const asked = condition === null || condition === etag ? request.headers.get('range') : null;
  const range = parseRange(asked, opened.size);
  if (range === 'unsatisfiable') {
    await opened.close();
    headers.set('content-range', `bytes */${opened.size}`);
    return new Response(null, { status: 416, headers });
  }
  const { first, last } = range ?? { first: 0, last: opened.size - 1 };
  headers.set('content-length', String(last - first + 1));
  if (range !== null) headers.set('content-range', `bytes ${first}-${last}/${opened.size}`);
  const status = range === null ? 200 : 206;
  if (request.method === 'HEAD' || opened.size === 0) {
    await opened.close();
    return new Response(null, { status, headers });
  }
  return new Response(opened.read(first, last), { status, headers });
}

function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}

type Opened = {
  size: number;
  close(): Promise<void>;
  read(first: number, last: number): Uint8Array<ArrayBuffer> | ReadableStream;
};

function inMemory(bytes: Uint8Array): Opened {
  return {
    size: bytes.length,
    close: () => Promise.resolve(),
    read: (first, last) => bytes.subarray(first, last + 1) as Uint8Array<ArrayBuffer>,
  };
}

async function onDisk(file: string): Promise<Opened> {
  try {
    const handle = await open(file);
    const { size } = await handle.stat();
    return {
      size,
      close: () => handle.close(),
      // The stream closes the handle, also when the client goes away.
      read: (first, last) =>
        Readable.toWeb(handle.createReadStream({ start: first, end: last })) as ReadableStream<Uint8Array>,
    };
  } catch (error) {
    throw StudioError.fromShape(errorShape(error, file));
  }
}

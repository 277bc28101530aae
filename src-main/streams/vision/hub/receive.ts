/** One GET that fills a part, from where it stops. */
import { open, rm, stat } from 'node:fs/promises';
import { StudioError } from '../../../../src-shared/errors.ts';
import { DISK, diskFailure, type Disk } from './disk.ts';
import { plainEtag, type FileInfo } from './file-info.ts';
import { refusal } from './refused.ts';
import { hubRequest, type HubReply, type RequestContext } from './request.ts';
import { TryAgain } from './retry.ts';

/** Thrown when the hub now has other content under the same name; never leaves this folder. */
export class ChangedOnHub extends Error {}

/** Length of a part or blob; 0 where there is none. */
export async function partSize(part: string): Promise<number> {
  return (await stat(part).catch(() => null))?.size ?? 0;
}

/** Fills `part` up to `info.size` by one request, or by none where nothing is missing. Returns at which byte it went
 *  on. What came before a failure stays in the part, except where the part itself does not fit the hub's file.
 *  Throws TryAgain (cut, silence, 416, a wrong range), ChangedOnHub, 'corrupt' (wrong length), 'no-space', 'cancelled'. */
export async function receive({
  info,
  part,
  what,
  disk = DISK,
  onBytes,
  ...context
}: RequestContext & {
  info: FileInfo;
  part: string;
  /** Names the file in messages. */
  what: string;
  disk?: Disk | undefined;
  /** Told the length of the part after each chunk. */
  onBytes: (bytes: number) => void;
}): Promise<number> {
  let have = await partSize(part);
  if (have > info.size) {
    await rm(part, { force: true });
    have = 0;
  }
  onBytes(have);
  if (have === info.size && have > 0) return have;

  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const reply = await hubRequest({ ...context, url: info.url, headers });
  try {
    const from = await firstByte({ reply, info, have, part, what });
    await fill({ reply, info, from, part, what, disk, onBytes });
    return from;
  } finally {
    reply.close();
  }
}

/** At which byte of the file the reply's body begins. */
async function firstByte({
  reply,
  info,
  have,
  part,
  what,
}: {
  reply: HubReply;
  info: FileInfo;
  have: number;
  part: string;
  what: string;
}): Promise<number> {
  const { status, headers } = reply;
  if (status !== 200 && status !== 206 && status !== 416) throw refusal(reply, what);
  if (contentEtag(reply, info) !== info.etag) throw new ChangedOnHub();
  if (status === 200) {
    const length = headers.get('content-encoding') === null ? headers.get('content-length') : null;
    if (length !== null && Number(length) !== info.size)
      throw await spoilt(part, `${what} has ${length} bytes, the hub announced ${info.size}`);
    return 0; // the hub ignores ranges, or we asked for none
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const fits =
    status === 206 &&
    headers.get('content-encoding') === null &&
    Number(range?.[1]) === have &&
    Number(range?.[2]) < info.size &&
    (range?.[3] === '*' || Number(range?.[3]) === info.size);
  if (fits) return have;
  throw new TryAgain(
    await spoilt(
      part,
      `The hub did not go on with ${what} at byte ${have}: status ${status}, "${headers.get('content-range') ?? ''}"`,
    ),
  );
}

/** The etag that the reply gives the content; the expected one where the reply cannot know (a file store's own ETag). */
function contentEtag(reply: HubReply, info: FileInfo): string {
  const linked = [reply.headers, ...reply.passed].map((h) => h.get('x-linked-etag')).find((v) => v !== null);
  if (linked != null) return plainEtag(linked) ?? info.etag;
  const own = reply.fromHub && !info.linked ? plainEtag(reply.headers.get('etag')) : null;
  return own ?? info.etag;
}

async function fill({
  reply,
  info,
  from,
  part,
  what,
  disk,
  onBytes,
}: {
  reply: HubReply;
  info: FileInfo;
  from: number;
  part: string;
  what: string;
  disk: Disk;
  onBytes: (bytes: number) => void;
}): Promise<void> {
  const onDisk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => Promise.reject(diskFailure(error, part)));
  const handle = await onDisk(open(part, from > 0 ? 'r+' : 'w'));
  let position = from;
  try {
    for await (const chunk of reply.chunks()) {
      if (position + chunk.length > info.size)
        throw await spoilt(part, `${what} goes on after its ${info.size} bytes`);
      await onDisk(disk.write(handle, chunk, position));
      position += chunk.length;
      onBytes(position);
    }
    if (position < info.size) throw new TryAgain(cutShort(what, position, info.size));
    await onDisk(handle.sync()); // before the rename that makes it count
  } finally {
    await handle.close();
  }
}

function cutShort(what: string, got: number, size: number): StudioError {
  return new StudioError('corrupt', `${what} ended after ${got} of ${size} bytes`, {
    hint: 'Start the download again; what is there is kept.',
  });
}

/** Throws away a part that cannot become the hub's file; returns the error to throw. */
async function spoilt(part: string, message: string): Promise<StudioError> {
  await rm(part, { force: true });
  return new StudioError('corrupt', message, {
    hint: 'Try again later; if it stays so, the hub or a proxy on the way is at fault.',
  });
}

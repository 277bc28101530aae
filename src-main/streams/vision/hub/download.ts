/** Downloads one file into the cache: whole, checked, and placed as other tools expect it. */
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '../../../../src-shared/errors.ts';
import type { HubAddress } from './address.ts';
import { blobFile, partFile, placeInSnapshot, writeRef } from './cache.ts';
import { demandSpace, diskFailure, type Disk } from './disk.ts';
import { fileInfo, type FileInfo } from './file-info.ts';
import { difference, hashFile, hashOfEtag, type ExpectedFile, type FileHashes } from './hash-file.ts';
import { aloneInProcess, holdPart, type HeldPart } from './part-lock.ts';
import { fileMeter, type DownloadProgress, type Meter } from './progress.ts';
import { ChangedOnHub, partSize, receive } from './receive.ts';
import type { RequestContext } from './request.ts';
import { DEFAULT_RETRY, TryAgain, withRetries, type RetryPolicy } from './retry.ts';

/** What may be set for every download. */
export type TransferOptions = RequestContext & {
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  retry?: RetryPolicy | undefined;
  disk?: Disk | undefined;
};

/** A file of the model that is whole and checked. `file` is where to open it (in the snapshot, so that external data
 *  lies beside the graph under its own name); `sha256` of its content; `fromCache` when no byte of it was fetched. */
export type PlacedFile = {
  path: string;
  file: string;
  commit: string;
  size: number;
  sha256: string;
  fromCache: boolean;
};

/** What all steps of one download share. */
type Download = TransferOptions & {
  address: HubAddress;
  expected: ExpectedFile;
  among: { before: number; size: number } | undefined;
  what: string;
};

const MAX_CHANGES = 3;

/** Downloads a file unless its blob is in the cache already. Aborting `signal` keeps the part; the next call resumes it.
 *  Throws 'conflict' (the hub's file is not the expected one, or changes all the time), 'corrupt' (wrong length or
 *  hash), 'no-space', 'busy' (another process downloads it), 'not-found', 'no-permission', 'not-available' (offline, no
 *  connection), 'cancelled'. */
export async function downloadFile({
  address,
  expected = {},
  among,
  ...transfer
}: TransferOptions & {
  address: HubAddress;
  /** Size and hashes as the manifest or the file list gives them. */
  expected?: ExpectedFile;
  /** Where this file stands among the bytes of several, for the progress. */
  among?: { before: number; size: number };
}): Promise<PlacedFile> {
  const what = `${address.path} of ${address.repo}`;
  const download: Download = { ...transfer, address, expected, among, what };
  for (let changes = 0; changes < MAX_CHANGES; changes += 1) {
    const info = await withRetries({
      work: () => fileInfo({ ...transfer, address }),
      policy: transfer.retry ?? DEFAULT_RETRY,
      signal: transfer.signal,
      onWait: (ms, reason) => meterOf(download, expected.size ?? 0).wait(ms, reason.message),
    });
    demandAgreement(expected, info, what);
    const blob = blobFile(transfer.settings.cacheFolder, address.repo, info.etag);
    try {
      const work = () => bringBlob({ download, info, blob });
      return await aloneInProcess({ blob, signal: transfer.signal, work });
    } catch (error) {
      if (!(error instanceof ChangedOnHub)) throw error;
    }
  }
  throw new StudioError('conflict', `${what} changes on the hub while it is downloaded`, {
    hint: 'Pin a commit as the revision, or try again later.',
  });
}

function meterOf({ address, among, onProgress }: Download, fileSize: number): Meter {
  return fileMeter({ path: address.path, fileSize, ...among, onProgress });
}

function demandAgreement(expected: ExpectedFile, info: FileInfo, what: string): void {
  const named = hashOfEtag(info.etag);
  const clash =
    expected.size != null && expected.size !== info.size
      ? `${info.size} bytes on the hub, ${expected.size} expected`
      : expected.sha256 != null && named.sha256 != null && expected.sha256 !== named.sha256
        ? `sha256 ${named.sha256} on the hub, ${expected.sha256} expected`
        : expected.gitBlob != null && named.gitBlob != null && expected.gitBlob !== named.gitBlob
          ? `git blob ${named.gitBlob} on the hub, ${expected.gitBlob} expected`
          : null;
  if (clash !== null)
    throw new StudioError('conflict', `${what} is not the file that the manifest means: ${clash}`, {
      hint: 'The repository changed: pin the commit that the manifest was made for, or take up the new file.',
    });
}

/** The blob from the cache or the hub, then the places where other tools look for it. */
async function bringBlob({
  download,
  info,
  blob,
}: {
  download: Download;
  info: FileInfo;
  blob: string;
}): Promise<PlacedFile> {
  const { address, settings } = download;
  const meter = meterOf(download, info.size);
  const cached = await soundBlob({ download, info, blob, meter });
  const { commit, hashes } = cached ?? (await fetchBlob({ download, info, blob, meter }));
  try {
    const file = await placeInSnapshot({
      cacheFolder: settings.cacheFolder,
      address: { ...address, revision: commit },
      etag: info.etag,
    });
    await writeRef({ ...settings, ...address, commit });
    const { size, sha256 } = hashes;
    return { path: address.path, file, commit, size, sha256, fromCache: cached !== null };
  } catch (error) {
    throw diskFailure(error, blob);
  }
}

type Fetched = { commit: string; hashes: FileHashes };

/** A blob that is there already, by whatever tool, if it is what its name says. */
async function soundBlob({
  download,
  info,
  blob,
  meter,
}: {
  download: Download;
  info: FileInfo;
  blob: string;
  meter: Meter;
}): Promise<Fetched | null> {
  const found = await stat(blob).catch(() => null);
  if (found?.size !== info.size) return null;
  const onBytes = (bytes: number) => meter.bytes(bytes, 'verify');
  const hashes = await hashFile({ file: blob, signal: download.signal, onBytes });
  return difference(wanted(download, info), hashes) === null ? { commit: info.commit, hashes } : null;
}

const wanted = ({ expected }: Download, info: FileInfo): ExpectedFile => ({
  ...expected,
  ...hashOfEtag(info.etag),
  size: info.size,
});

async function fetchBlob({
  download,
  info,
  blob,
  meter,
}: {
  download: Download;
  info: FileInfo;
  blob: string;
  meter: Meter;
}): Promise<Fetched> {
  const part = partFile(download.settings.cacheFolder, download.address.repo, info.etag);
  try {
    const missing = info.size - (await partSize(part));
    await demandSpace({ folder: path.dirname(blob), bytes: missing, disk: download.disk });
    const held = await holdPart(part);
    try {
      const fetched = await fetchPart({ download, info, part, held, meter });
      await held.check();
      await rename(part, blob);
      return fetched;
    } catch (error) {
      if (error instanceof ChangedOnHub) await rm(part, { force: true });
      throw error;
    } finally {
      await held.release();
    }
  } catch (error) {
    throw error instanceof StudioError || error instanceof ChangedOnHub ? error : diskFailure(error, part);
  }
}

/** Fills the part over as many requests as it takes, and checks it. */
async function fetchPart({
  download,
  info,
  part,
  held,
  meter,
}: {
  download: Download;
  info: FileInfo;
  part: string;
  held: HeldPart;
  meter: Meter;
}): Promise<Fetched> {
  const { address, what } = download;
  let furthest = await partSize(part);
  let tries = 0;
  let begunAnew = false;
  return withRetries({
    policy: download.retry ?? DEFAULT_RETRY,
    signal: download.signal,
    onWait: (ms, reason) => meter.wait(ms, reason.message),
    work: async (progressed) => {
      await held.check();
      // A signed address runs out, and the file may have changed: ask again before each further try.
      const now = tries++ === 0 ? info : await fileInfo({ ...download, address });
      if (now.etag !== info.etag) throw new ChangedOnHub();
      const from = await receive({
        ...download,
        info: now,
        part,
        what,
        onBytes: (bytes) => {
          meter.bytes(bytes, 'download');
          if (bytes > furthest) progressed(); // bytes that were there before are no progress
          furthest = Math.max(furthest, bytes);
        },
      });
      const onBytes = (bytes: number) => meter.bytes(bytes, 'verify');
      const hashes = await hashFile({ file: part, signal: download.signal, onBytes });
      const wrong = difference(wanted(download, info), hashes);
      if (wrong === null) return { commit: now.commit, hashes };

      await rm(part, { force: true });
      const failure = new StudioError('corrupt', `${what} came wrong: ${wrong}`, {
        hint: 'Try again later; if it stays so, the hub or a proxy on the way is at fault.',
      });
      // Pieces from different days may not fit together (a power cut, say); one try in one piece tells.
      if (from === 0 || begunAnew) throw failure;
      begunAnew = true;
      furthest = 0;
      throw new TryAgain(failure);
    },
  });
}

/** Size and hashes of a file, in one pass. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { throwIfCancelled } from './retry.ts';

/** Bytes, sha256 (what LFS names a file) and git's blob sha1 (what git names it), both in lower-case hex. */
export type FileHashes = { size: number; sha256: string; gitBlob: string };

/** Reads the whole file. `onBytes` is told how much was read so far. Throws 'cancelled' and the OS's errors. */
export async function hashFile({
  file,
  signal,
  onBytes,
}: {
  file: string;
  signal?: AbortSignal | undefined;
  onBytes?: (bytes: number) => void;
}): Promise<FileHashes> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const sha256 = createHash('sha256');
    const gitBlob = createHash('sha1').update(`blob ${size}\0`);
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    let position = 0;
    for (;;) {
      throwIfCancelled(signal);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      sha256.update(bytes);
      gitBlob.update(bytes);
      position += bytesRead;
      onBytes?.(position);
    }
    return { size: position, sha256: sha256.digest('hex'), gitBlob: gitBlob.digest('hex') };
  } finally {
    await handle.close();
  }
}

/** What a file should be; null or absent where it is not known. */
export type ExpectedFile = { size?: number | null; sha256?: string | null; gitBlob?: string | null };

/** How a file differs from what it should be, in words that name both sides; null where it does not. */
export function difference(expected: ExpectedFile, actual: FileHashes): string | null {
  if (expected.size != null && expected.size !== actual.size)
    return `${actual.size} bytes instead of ${expected.size}`;
  if (expected.sha256 != null && expected.sha256 !== actual.sha256)
    return `sha256 ${actual.sha256} instead of ${expected.sha256}`;
  if (expected.gitBlob != null && expected.gitBlob !== actual.gitBlob)
    return `git blob ${actual.gitBlob} instead of ${expected.gitBlob}`;
  return null;
}

/** The hash that an etag or a blob's name stands for: 64 hex digits a sha256, 40 a git blob; nothing otherwise. */
export function hashOfEtag(etag: string): ExpectedFile {
  if (/^[0-9a-f]{64}$/.test(etag)) return { sha256: etag };
  return /^[0-9a-f]{40}$/.test(etag) ? { gitBlob: etag } : {};
}

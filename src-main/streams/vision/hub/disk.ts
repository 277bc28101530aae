/** The two things a download asks of the disk; tests put a full one in their place. */
import { stat, statfs, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../../../src-shared/errors.ts';

/** Free space and writing. */
export type Disk = {
  /** Bytes that this user may still write in a folder, or null where the file system does not say. */
  freeBytes: (folder: string) => Promise<number | null>;
  /** Writes all bytes at a position. */
  write: (handle: FileHandle, bytes: Uint8Array, position: number) => Promise<void>;
};

/** The real one. */
export const DISK: Disk = {
  freeBytes: async (folder) => {
    const facts = await statfs(folder).catch(() => null);
    return facts === null ? null : facts.bavail * facts.bsize;
  },
  write: async (handle, bytes, position) => {
    let done = 0;
    while (done < bytes.length)
      done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  },
};

/** Left free for everything else on the disk. */
const RESERVE_BYTES = 64 * 1024 * 1024;

/** Throws 'no-space' unless `bytes` more fit on the disk of a folder, which need not be there yet. */
export async function demandSpace({
  folder,
  bytes,
  disk = DISK,
}: {
  folder: string;
  bytes: number;
  disk?: Disk | undefined;
}): Promise<void> {
  if (bytes <= 0) return;
  const free = await disk.freeBytes(await existingFolder(folder));
  if (free !== null && free < bytes + RESERVE_BYTES)
    throw new StudioError(
      'no-space',
      `The download needs ${megabytes(bytes + RESERVE_BYTES)}, the disk has ${megabytes(free)} left`,
      {
        hint: 'Free some space, or let HF_HUB_CACHE name a folder on a larger disk. What is there is kept.',
        file: folder,
      },
    );
}

/** The folder, or the nearest one above it that is there. */
export async function existingFolder(folder: string): Promise<string> {
  let there = folder;
  while (there !== path.dirname(there) && (await stat(there).catch(() => null)) === null)
    there = path.dirname(there);
  return there;
}

/** Bytes in words, in decimal megabytes as the hub shows them. */
function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** A failure of the file system as a StudioError: 'no-space', 'no-permission' or what else it is. */
export function diskFailure(error: unknown, file: string): StudioError {
  const full = (error as NodeJS.ErrnoException).code === 'EDQUOT'; // the user's share is full, not the disk
  const shape = errorShape(full ? Object.assign(new Error(), { code: 'ENOSPC' }) : error, file);
  return StudioError.fromShape({ ...shape, file: shape.file ?? file });
}

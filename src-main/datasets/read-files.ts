/** The image files of a dataset: each is read once for its hash, and its header is checked. Nothing is decoded. */
import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ImageStatus } from '../../src-shared/dataset.ts';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { probePicture } from '../images/probe.ts';

/** What an earlier scan found in a file (key: path relative to the dataset folder); valid while size and mtime hold. */
export type KnownFiles = Map<
  string,
  { bytes: number; mtimeMs: number; sha256: string; width: number; height: number }
>;

/** Cancelling and progress (images done of all) of a scan. */
export type ScanControl = { signal?: AbortSignal; onProgress?(done: number, total: number): void };

/** What the disk says of one image. */
export type FileFacts = {
  status: ImageStatus;
  reason: string | null;
  width: number | null;
  height: number | null;
  bytes: number | null;
  mtimeMs: number | null;
  sha256: string | null;
};

/** Files in flight: enough to keep two cores and a disk busy, few enough for large TIFFs. */
const CONCURRENCY = 8;
/** A file is read as a whole, so there is a limit. */
const MAX_FILE_BYTES = 1024 ** 3;
const PROGRESS_STEP_MS = 100;

const NOTHING = { width: null, height: null, bytes: null, mtimeMs: null, sha256: null };

/**
 * Facts of each file in the order given, and the bytes that were hashed. A file that cannot be read is 'missing' or
 * 'unreadable' with its reason and stops nothing. Throws only 'cancelled'.
 */
export async function readFiles(
  folder: string,
  files: { file: string; found: boolean }[],
  known: KnownFiles,
  control: ScanControl,
): Promise<{ facts: FileFacts[]; hashedBytes: number }> {
  const facts = new Array<FileFacts>(files.length);
  let next = 0;
  let done = 0;
  let hashedBytes = 0;
  let lastProgress = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const position = next++;
      const { file, found } = files[position]!;
      if (control.signal?.aborted) throw new StudioError('cancelled', 'The scan was cancelled');
      const { hashed, ...fact } = found
        ? await readOne(folder, file, known)
        : { ...NOTHING, status: 'missing' as const, reason: 'not in the folder', hashed: 0 };
      facts[position] = fact;
      hashedBytes += hashed;
      done++;
      const now = performance.now();
      if (now - lastProgress >= PROGRESS_STEP_MS || done === files.length) {
        lastProgress = now;
        control.onProgress?.(done, files.length);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { facts, hashedBytes };
}

async function readOne(
  folder: string,
  file: string,
  known: KnownFiles,
): Promise<FileFacts & { hashed: number }> {
  const absolute = path.join(folder, file);
  const facts: FileFacts = { ...NOTHING, status: 'unreadable', reason: null };
  let hashed = 0;
  try {
    const { size, mtimeMs } = await stat(absolute);
    facts.bytes = size;
    facts.mtimeMs = mtimeMs;
    const before = known.get(file);
    if (before !== undefined && before.bytes === size && before.mtimeMs === mtimeMs) {
      const { sha256, width, height } = before;
      return { ...facts, sha256, width, height, status: 'ok', hashed };
    }
    if (size > MAX_FILE_BYTES) return { ...facts, reason: 'The file is larger than 1 GiB', hashed };
    const bytes = await readFile(absolute);
    hashed = bytes.length;
    facts.sha256 = hash('sha256', bytes, 'hex');
    const { width, height } = await probePicture(bytes, file);
    return { ...facts, width, height, status: 'ok', hashed };
  } catch (error) {
    const { code, message } = errorShape(error, file);
    if (code === 'not-found') return { ...NOTHING, status: 'missing', reason: message, hashed };
    return { ...facts, reason: message, hashed };
  }
}

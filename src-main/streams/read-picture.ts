import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { StudioError } from '../../src-shared/errors.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';

/** A picture to describe. `content` is its expected SHA-256, or null to accept whatever is in the file. */
export type ExtractItem = { key: string; path: string; content: string | null };
/** What became of it. */
export type ExtractReply = { key: string; vector: Float32Array } | { key: string; error: ErrorShape };

/** The file's bytes. Throws 'conflict' where they are not the content that was imported, and the OS's errors. */
export async function readPicture({ path, content }: ExtractItem): Promise<Buffer> {
  const bytes = await readFile(path);
  if (content !== null && createHash('sha256').update(bytes).digest('hex') !== content) {
    throw new StudioError('conflict', 'The file has changed since it was imported', {
      file: path,
      hint: 'Import the folder again; unchanged images keep their features.',
    });
  }
  return bytes;
}

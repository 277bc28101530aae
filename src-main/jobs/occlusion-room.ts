import { statfs } from 'node:fs/promises';
import { StudioError } from '../../src-shared/errors.ts';

/**
 * Throws 'no-space' unless the disk of `folder` holds as many uncompressed pictures as will be written there, and as much
 * again: PNGs of photographs need about half of that, and the catalog must not run out.
 */
export async function requireRoom(
  folder: string,
  { width, height, pictures }: { width: number; height: number; pictures: number },
): Promise<void> {
  const wanted = width * height * 3 * pictures * 2;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= wanted) return;
  const gigabytes = (wanted / 1e9).toFixed(1);
  throw new StudioError(
    'no-space',
    `The covered copies of the picture need up to ${gigabytes} GB for a while`,
    {
      file: folder,
      hint: 'Free space on this disk, or choose a coarser grid.',
    },
  );
}

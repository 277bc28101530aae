/** The folder of a dataset that the studio writes itself: its card claims it, files appear in it whole. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';

export const CARD = 'dataset.json';
export const LABELS = 'labels.csv';

/**
 * Writes the card into a new or empty folder; a folder with the very same card is gone on with. `what` names the
 * dataset ("a demo dataset"). Throws StudioError conflict for every other folder, no-permission, no-space.
 */
export async function claimFolder(folder: string, card: string, what: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, folder));
  });
  const file = path.join(folder, CARD);
  const found = await readdir(folder);
  if (!found.includes(CARD)) {
    if (found.some((name) => !name.endsWith('.part'))) {
      throw new StudioError('conflict', `The folder for ${what} is not empty`, {
        file: folder,
        hint: 'Choose an empty or a new folder.',
      });
    }
    await writeInPlace(file, card);
  } else if ((await readFile(file, 'utf8')) !== card) {
    throw new StudioError('conflict', `The folder holds ${what} with other settings`, {
      file,
      hint: 'Choose another folder, or delete this one.',
    });
  }
}

/** Writes under another name and renames, so that a file with its own name is always complete. Throws StudioError. */
export async function writeInPlace(file: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${file}.part`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, file);
  } catch (error) {
    throw StudioError.fromShape(errorShape(error, file));
  }
}

/** One walk of a dataset folder, so that finding 10,000 images asks the disk once and ignores letter case. */
import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';

/** Folders deeper than this below the dataset folder are not looked into. */
const MAX_DEPTH = 4;
/** More files than any known dataset has; reached when somebody chooses "/" or a home folder. */
const MAX_FILES = 500_000;

/** The regular files below a folder, as paths relative to it with forward slashes. */
export type FolderIndex = {
  /** Absolute. */
  folder: string;
  files: string[];
  /** Lower-case base name -> its files. */
  byBaseName: Map<string, string[]>;
  /** Subfolders that could not be opened, with the reason. */
  closed: { folder: string; reason: string }[];
};

/**
 * Walks `folder`, following symbolic links. Throws 'not-found' (no such folder, or empty), 'bad-input' (a file,
 * or far too many files), 'no-permission', 'cancelled'.
 */
export async function indexFolder(folder: string, signal?: AbortSignal): Promise<FolderIndex> {
  const root = path.resolve(folder);
  await checkIsFolder(root);
  const index: FolderIndex = { folder: root, files: [], byBaseName: new Map(), closed: [] };
  await walk(index, '', 0, signal);
  if (index.files.length === 0 && index.closed.length === 0) {
    throw new StudioError('not-found', 'The folder is empty', {
      file: root,
      hint: 'Choose the folder that holds the label file and the images.',
    });
  }
  // The order of a directory differs between machines.
  index.files.sort();
  for (const file of index.files) {
    const key = baseName(file).toLowerCase();
    const same = index.byBaseName.get(key);
    if (same === undefined) index.byBaseName.set(key, [file]);
    else same.push(file);
  }
  return index;
}

/** The last part of a relative path. */
export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** How many folders a relative path goes down. */
export function depthOf(file: string): number {
  return file.split('/').length - 1;
}

async function checkIsFolder(root: string): Promise<void> {
  const info = await stat(root).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, root));
  });
  if (info.isDirectory()) return;
  throw new StudioError('bad-input', 'This is a file, not a folder', {
    file: root,
    hint: `Choose the folder that holds the labels and the images, for example ${path.dirname(root)}`,
  });
}

async function walk(
  index: FolderIndex,
  relative: string,
  depth: number,
  signal?: AbortSignal,
): Promise<void> {
  const absolute = path.join(index.folder, relative);
  try {
    for await (const entry of await opendir(absolute, { bufferSize: 512 })) {
      if (signal?.aborted) throw new StudioError('cancelled', 'The scan was cancelled');
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const file = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const kind = entry.isSymbolicLink()
        ? await stat(path.join(index.folder, file)).catch(() => null)
        : entry;
      if (kind?.isDirectory() && depth < MAX_DEPTH) await walk(index, file, depth + 1, signal);
      else if (kind?.isFile()) index.files.push(file);
      if (index.files.length > MAX_FILES) throw tooManyFiles(index.folder);
    }
  } catch (error) {
    if (error instanceof StudioError || relative === '')
      throw StudioError.fromShape(errorShape(error, absolute));
    // A closed subfolder is reported; what lies in it counts as missing.
    index.closed.push({ folder: relative, reason: errorShape(error, absolute).message });
  }
}

function tooManyFiles(folder: string): StudioError {
  return new StudioError(
    'bad-input',
    `More than ${MAX_FILES.toLocaleString('en')} files lie in this folder`,
    {
      file: folder,
      hint: "Choose the dataset's own folder.",
    },
  );
}

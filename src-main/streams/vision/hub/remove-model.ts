/** Takes a model, or some files of it, out of the cache. */
import { lstat, readdir, readlink, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '../../../../src-shared/errors.ts';
import { checkRelative } from './address.ts';
import { modelFolder } from './cache.ts';
import { isHeld } from './part-lock.ts';

/** Removes the named files from every snapshot, the blobs that no snapshot leads to any more (parts included), and
 *  what is empty then; without `paths` the whole model, other tools' files as well. Returns the bytes set free; 0 where
 *  nothing was there. Throws 'busy' while it is being downloaded, and the OS's errors. */
export async function removeModel({
  cacheFolder,
  repo,
  paths,
}: {
  cacheFolder: string;
  repo: string;
  paths?: string[];
}): Promise<number> {
  const folder = modelFolder(cacheFolder, repo);
  for (const file of paths ?? []) checkRelative(file, 'file');
  const before = await filesBelow(folder);
  for (const { file } of before)
    if (file.endsWith('.lock') && (await isHeld(file.slice(0, -'.lock'.length))))
      throw new StudioError('busy', `${repo} is being downloaded`, { hint: 'Cancel the download first.' });

  if (paths === undefined) await rm(folder, { recursive: true, force: true });
  else {
    const names = new Set(paths.map((file) => path.join(...file.split('/'))));
    for (const { file } of before)
      if (names.has(nameInSnapshot(folder, file) ?? '')) await rm(file, { force: true });
    await removeUnusedBlobs(folder);
    await removeEmptyFolders(folder);
  }
  const after = new Set((await filesBelow(folder)).map(({ inode }) => inode));
  const freed = new Map(before.filter(({ inode }) => !after.has(inode)).map((f) => [f.inode, f.bytes]));
  return [...freed.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** The path within its snapshot, or null for a file elsewhere. */
function nameInSnapshot(folder: string, file: string): string | null {
  const [top, commit, ...name] = path.relative(folder, file).split(path.sep);
  return top === 'snapshots' && commit !== undefined && name.length > 0 ? path.join(...name) : null;
}

async function removeUnusedBlobs(folder: string): Promise<void> {
  const left = await filesBelow(folder);
  const inSnapshots = left.filter(({ file }) => nameInSnapshot(folder, file) !== null);
  const used = new Set(inSnapshots.map(({ target, inode }) => target ?? inode));
  for (const { file, inode } of left)
    if (path.dirname(file) === path.join(folder, 'blobs') && !used.has(file) && !used.has(inode))
      await rm(file, { force: true });
}

/** Folders without any file go, refs that lead to no snapshot with them. */
async function removeEmptyFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const folders = entries.filter((e) => e.isDirectory()).map((e) => path.join(e.parentPath, e.name));
  for (const deepest of folders.sort((a, b) => b.length - a.length))
    await rmdir(deepest).catch(() => undefined);
  const content = await readdir(folder).catch((): string[] => []);
  if (!content.includes('snapshots') && !content.includes('blobs'))
    await rm(folder, { recursive: true, force: true });
}

type Found = { file: string; target: string | null; inode: string; bytes: number };

/** All files and links; `target` is where a link leads, `inode` tells hard links of one content. */
async function filesBelow(folder: string): Promise<Found[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: Found[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const facts = await lstat(file, { bigint: true });
    const target = entry.isSymbolicLink() ? path.resolve(entry.parentPath, await readlink(file)) : null;
    const bytes = target === null ? Number(facts.size) : 0;
    found.push({ file, target, inode: `${facts.dev}:${facts.ino}`, bytes });
  }
  return found;
}

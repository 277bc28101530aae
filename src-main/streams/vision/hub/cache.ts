/** The cache layout that all tools of the hub share:
 *  models--owner--name/blobs/<etag>, snapshots/<commit>/<path> -> ../../blobs/<etag>, refs/<revision> = commit. */
import { randomUUID } from 'node:crypto';
import {
  copyFile,
  link,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { isRunning } from './part-lock.ts';
import { checkRelative, checkRepo, isCommit, type HubAddress } from './address.ts';

/** A file of the cache: `file` is its path in the snapshot, for opening; `blob` the name of its blob, null where the
 *  snapshot holds the bytes themselves (another tool, on a system without symbolic links). */
export type CachedFile = { file: string; commit: string; size: number; blob: string | null };

/** Folder of a model: everything the cache holds of it. Throws 'bad-input' for an impossible name. */
export function modelFolder(cacheFolder: string, repo: string): string {
  checkRepo(repo);
  return path.join(cacheFolder, `models--${repo.replaceAll('/', '--')}`);
}

/** Where the content called `etag` lies when it is whole. */
export function blobFile(cacheFolder: string, repo: string, etag: string): string {
  return path.join(modelFolder(cacheFolder, repo), 'blobs', etag);
}

/** Where the content called `etag` grows. Not `<etag>.incomplete`: that is huggingface_hub's own. */
export function partFile(cacheFolder: string, repo: string, etag: string): string {
  return `${blobFile(cacheFolder, repo, etag)}.studio.incomplete`;
}

/** Where a file lies in the snapshot of a commit. Throws 'bad-input' for a path that would leave it. */
export function snapshotFile(cacheFolder: string, { repo, revision, path: file }: HubAddress): string {
  checkRelative(revision, 'revision');
  checkRelative(file, 'file');
  return path.join(modelFolder(cacheFolder, repo), 'snapshots', revision, ...file.split('/'));
}

/** The commit that a revision meant when it was last asked for, or null. A commit is itself. */
export async function cachedCommit(
  cacheFolder: string,
  repo: string,
  revision: string,
): Promise<string | null> {
  if (isCommit(revision)) return revision;
  checkRelative(revision, 'revision');
  const file = path.join(modelFolder(cacheFolder, repo), 'refs', ...revision.split('/'));
  const commit = (await readFile(file, 'utf8').catch(() => '')).trim();
  return isCommit(commit) ? commit : null;
}

/** Finds a file that this or any other tool downloaded; null where it is not there, or its link leads nowhere. */
export async function findCachedFile({
  cacheFolder,
  address,
}: {
  cacheFolder: string;
  address: HubAddress;
}): Promise<CachedFile | null> {
  const commit = await cachedCommit(cacheFolder, address.repo, address.revision);
  if (commit === null) return null;
  const file = snapshotFile(cacheFolder, { ...address, revision: commit });
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) return null;
  const target = await readlink(file).catch(() => null);
  return { file, commit, size: found.size, blob: target === null ? null : path.basename(target) };
}

/** Lets `snapshots/<commit>/<path>` lead to the blob: a relative symbolic link; where the system makes none, a hard
 *  link (no second copy of a 2 GB file); else a copy. Replaces what is there in one step. Returns the path. */
export async function placeInSnapshot({
  cacheFolder,
  address,
  etag,
  links = { symlink, link },
}: {
  cacheFolder: string;
  /** `revision` is the commit. */
  address: HubAddress;
  etag: string;
  /** The file system's links; a test gives others. */
  links?: { symlink: typeof symlink; link: typeof link };
}): Promise<string> {
  const blob = blobFile(cacheFolder, address.repo, etag);
  const pointer = snapshotFile(cacheFolder, address);
  const temporary = temporaryBeside(pointer);
  await mkdir(path.dirname(pointer), { recursive: true });
  await removeLeftOvers(pointer);
  try {
    await links
      .symlink(path.relative(path.dirname(pointer), blob), temporary, 'file')
      .catch(() => links.link(blob, temporary))
      .catch(() => copyFile(blob, temporary));
    await rename(temporary, pointer);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return pointer;
}

/** Notes which commit a branch or tag stands for, as the other tools do. Nothing to note for a commit. */
export async function writeRef({
  cacheFolder,
  repo,
  revision,
  commit,
}: {
  cacheFolder: string;
  repo: string;
  revision: string;
  commit: string;
}): Promise<void> {
  if (revision === commit) return;
  const file = path.join(modelFolder(cacheFolder, repo), 'refs', ...revision.split('/'));
  await removeLeftOvers(file);
  if ((await cachedCommit(cacheFolder, repo, revision)) === commit) return;
  const temporary = temporaryBeside(file);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(temporary, commit); // without a line end: other tools compare the whole text
  await rename(temporary, file);
}

/** Names this process among others, and among those before it that had its id. */
const PROCESS = `${process.pid}-${randomUUID().slice(0, 8)}`;

/** A name beside `file` for what takes its place in one step. */
function temporaryBeside(file: string): string {
  return `${file}.${PROCESS}-${randomUUID().slice(0, 8)}.incomplete`;
}

/** Removes what a process left beside `file` that was killed before it could take its place. */
async function removeLeftOvers(file: string): Promise<void> {
  const folder = path.dirname(file);
  const start = `${path.basename(file)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(start)) continue;
    const owner = /^((\d+)-[0-9a-f]{8})-[0-9a-f]{8}\.incomplete$/.exec(name.slice(start.length));
    if (owner === null || owner[1] === PROCESS) continue;
    const pid = Number(owner[2]);
    if (pid === process.pid || !isRunning(pid)) await rm(path.join(folder, name), { force: true });
  }
}

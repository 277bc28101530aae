/** Brings all files of a model into the cache: only what is missing, all from one commit. */
import { StudioError } from '../../../../src-shared/errors.ts';
import { isCommit } from './address.ts';
import { blobFile, cachedCommit, findCachedFile, modelFolder, partFile, writeRef } from './cache.ts';
import { demandSpace } from './disk.ts';
import { downloadFile, type PlacedFile, type TransferOptions } from './download.ts';
import type { ExpectedFile } from './hash-file.ts';
import { fileMeter } from './progress.ts';
import { partSize } from './receive.ts';
import { DEFAULT_RETRY, withRetries } from './retry.ts';
import { hubTree, type HubTree } from './tree.ts';
import { verifyCachedFile, type WantedFile } from './verify-model.ts';

/** A model that is whole: every file checked, in the order asked for, companions at the end. */
export type FetchedModel = { repo: string; revision: string; commit: string; files: PlacedFile[] };

/** Fetches the files of a model one after another. What lies sound in the cache is not fetched; with all of it there and
 *  a commit as the revision, no request is made. A branch or tag is looked up first; when the hub is out of reach (or
 *  offline mode is on) the commit that it meant last is used. Cancelled or cut, the next call goes on.
 *  Throws what `downloadFile` throws; 'not-found' for a file that the commit does not have. */
export async function fetchModel({
  repo,
  revision = 'main',
  files,
  companions,
  ...transfer
}: TransferOptions & {
  repo: string;
  revision?: string;
  files: WantedFile[];
  /** Asked after each file: paths in the repository of further files that it needs (external data of a graph). */
  companions?: (placed: PlacedFile) => string[] | Promise<string[]>;
}): Promise<FetchedModel> {
  const { cacheFolder } = transfer.settings;
  const { commit, listing } = await findCommit({ ...transfer, repo, revision });
  const find = (path: string) => findCachedFile({ cacheFolder, address: { repo, revision: commit, path } });

  const queue = [...files];
  const missing: { path: string; expected: ExpectedFile }[] = [];
  for (const wanted of files)
    if ((await find(wanted.path)) === null)
      missing.push({ path: wanted.path, expected: expectedFile(wanted, await listing(), repo) });
  let size = missing.reduce((sum, { expected }) => sum + (expected.size ?? 0), 0);
  let before = 0; // bytes of the files that were fetched, of `size` in all
  const needed = await Promise.all(missing.map(({ expected }) => bytesToCome(cacheFolder, repo, expected)));
  await demandSpace({
    folder: modelFolder(cacheFolder, repo),
    bytes: needed.reduce((sum, bytes) => sum + bytes, 0),
    disk: transfer.disk,
  });

  const placed: PlacedFile[] = [];
  for (const wanted of queue) {
    const { path } = wanted;
    const known = await verifyCachedFile({ ...transfer, wanted, cached: await find(path) });
    if (known.state === 'sound' && known.cached !== null && known.sha256 !== null) {
      const { file, size: bytes } = known.cached;
      placed.push({ path, file, commit, size: bytes, sha256: known.sha256, fromCache: true });
    } else {
      const counted = missing.find((file) => file.path === path)?.expected;
      const expected = counted ?? expectedFile(wanted, await listing(), repo);
      if (counted === undefined) size += expected.size ?? 0;
      const address = { repo, revision: commit, path };
      const file = await downloadFile({ ...transfer, address, expected, among: { before, size } });
      before += expected.size ?? file.size;
      placed.push(file);
    }
    for (const more of (await companions?.(placed.at(-1)!)) ?? [])
      if (!queue.some((file) => file.path === more)) queue.push({ path: more });
  }
  await writeRef({ cacheFolder, repo, revision, commit });
  return { repo, revision, commit, files: placed };
}

/** The commit that the revision means now, and the file list of that commit, asked for once and only when needed. */
async function findCommit({
  repo,
  revision,
  ...transfer
}: TransferOptions & { repo: string; revision: string }): Promise<{
  commit: string;
  listing: () => Promise<HubTree>;
}> {
  const list = fileMeter({ path: `the file list of ${repo}`, fileSize: 0, onProgress: transfer.onProgress });
  let asked: Promise<HubTree> | null = null;
  const listing = () =>
    (asked ??= withRetries({
      work: () => hubTree({ ...transfer, repo, revision }),
      policy: transfer.retry ?? DEFAULT_RETRY,
      signal: transfer.signal,
      onWait: (ms, reason) => list.wait(ms, reason.message),
    }));
  if (isCommit(revision)) return { commit: revision, listing };
  try {
    return { commit: (await listing()).commit, listing };
  } catch (error) {
    const last = await cachedCommit(transfer.settings.cacheFolder, repo, revision);
    const unreachable = error instanceof StudioError && error.code === 'not-available';
    if (!unreachable || last === null) throw error;
    return { commit: last, listing }; // what is missing then fails with the same error
  }
}

/** Bytes that the network has yet to bring: without the part, and none where another snapshot has the blob. */
async function bytesToCome(cacheFolder: string, repo: string, expected: ExpectedFile): Promise<number> {
  const etag = expected.sha256 ?? expected.gitBlob;
  if (expected.size == null) return 0;
  if (etag == null) return expected.size;
  const blob = await partSize(blobFile(cacheFolder, repo, etag));
  return blob === expected.size ? 0 : expected.size - (await partSize(partFile(cacheFolder, repo, etag)));
}

/** What the manifest and the hub's list say of a file, together. Throws 'not-found', and 'conflict' naming both sides. */
function expectedFile(wanted: WantedFile, tree: HubTree, repo: string): ExpectedFile {
  const listed = tree.files.find(({ path }) => path === wanted.path);
  if (listed === undefined) {
    const graphs = tree.files.map(({ path }) => path).filter((path) => path.endsWith('.onnx'));
    throw new StudioError('not-found', `${repo} has no ${wanted.path} at commit ${tree.commit}`, {
      hint: graphs.length > 0 ? `It has ${graphs.slice(0, 8).join(', ')}.` : 'It has no ONNX file at all.',
    });
  }
  for (const fact of ['size', 'sha256'] as const)
    if (wanted[fact] !== undefined && listed[fact] !== null && wanted[fact] !== listed[fact])
      throw new StudioError(
        'conflict',
        `${wanted.path} of ${repo}: the manifest says ${fact} ${wanted[fact]}, the hub says ${listed[fact]}`,
        { hint: 'Pin the commit that the manifest was made for, or take up the new file.' },
      );
  return {
    size: wanted.size ?? listed.size,
    sha256: wanted.sha256 ?? listed.sha256,
    gitBlob: listed.gitBlob,
  };
}

/** Re-hashes the files of a model that lie in the cache. No request is made. */
import { StudioError } from '../../../../src-shared/errors.ts';
import { findCachedFile, type CachedFile } from './cache.ts';
import { difference, hashFile, hashOfEtag, type ExpectedFile } from './hash-file.ts';
import { fileMeter, type DownloadProgress } from './progress.ts';

/** A file of a model; size (bytes) and sha256 where the manifest knows them. */
export type WantedFile = { path: string; size?: number | undefined; sha256?: string | undefined };

/** What became of one file. `problem` names both sides where it is damaged; `cached` and `sha256` where it is there. */
export type VerifiedFile = {
  path: string;
  state: 'sound' | 'damaged' | 'missing';
  problem: string | null;
  sha256: string | null;
  cached: CachedFile | null;
};

/** Hashes each file and compares it with the manifest and with the name of its blob. Throws 'cancelled'. */
export async function verifyModel({
  cacheFolder,
  repo,
  revision,
  files,
  signal,
  onProgress,
}: {
  cacheFolder: string;
  repo: string;
  revision: string;
  files: WantedFile[];
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}): Promise<VerifiedFile[]> {
  const verified: VerifiedFile[] = [];
  for (const file of files) {
    const cached = await findCachedFile({ cacheFolder, address: { repo, revision, path: file.path } });
    verified.push(await verifyCachedFile({ wanted: file, cached, signal, onProgress }));
  }
  return verified;
}

/** The same for one file that was looked up before. */
export async function verifyCachedFile({
  wanted,
  cached,
  signal,
  onProgress,
}: {
  wanted: WantedFile;
  cached: CachedFile | null;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}): Promise<VerifiedFile> {
  const { path } = wanted;
  if (cached === null) return { path, state: 'missing', problem: null, sha256: null, cached: null };
  const meter = fileMeter({ path, fileSize: cached.size, onProgress });
  const onBytes = (bytes: number) => meter.bytes(bytes, 'verify');
  try {
    const hashes = await hashFile({ file: cached.file, signal, onBytes });
    const pinned: ExpectedFile = { size: wanted.size ?? null, sha256: wanted.sha256 ?? null };
    const named = cached.blob === null ? {} : hashOfEtag(cached.blob);
    const problem = difference(named, hashes) ?? difference(pinned, hashes);
    const state = problem === null ? 'sound' : 'damaged';
    return { path, state, problem, sha256: hashes.sha256, cached };
  } catch (error) {
    if (error instanceof StudioError) throw error;
    return { path, state: 'damaged', problem: (error as Error).message, sha256: null, cached };
  }
}

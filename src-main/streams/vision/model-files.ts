/** Where the files of an encoder's model lie, and what can be said of them without hashing. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { modelFile } from '../../../src-shared/encoder-manifest.ts';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import type { EncoderState } from '../../../src-shared/encoders.ts';
import { StudioError, errorShape } from '../../../src-shared/errors.ts';
import type { StoredModel } from '../../catalog/encoders.ts';
import { cachedCommit, findCachedFile, modelFolder } from './hub/cache.ts';
import type { HubSettings } from './hub/settings.ts';
import { checkModel } from './onnx-check.ts';
import type { CheckedModel } from './onnx-check.ts';
import { readOnnxHeader } from './onnx-header.ts';

/** A file that is there: its path as manifest or graph name it, where to open it, its size and time. */
export type LocatedFile = { path: string; file: string; bytes: number; mtimeMs: number };

/** A model as it lies on the disk now. */
export type Inspection = {
  state: EncoderState;
  /** Why it is not ready and what to do; null where it is. */
  detail: string | null;
  /** Model file first. */
  files: LocatedFile[];
  /** Paths of files that are not there. */
  missing: string[];
  /** Bytes of a download that was cut. */
  partBytes: number;
  source: StoredModel['source'] | null;
  stamp: string;
  /** The graph against the manifest; null unless all files are there and fit. */
  checked: CheckedModel | null;
};

/** The revision that is asked for where a manifest names none. */
export const DEFAULT_REVISION = 'main';

/** Finds the model's files (and the external data that its graph names) and compares them with the record of the last
 *  check. Reads headers only. Throws nothing for a model that is wrong: `state` and `detail` say it. */
export async function inspectModel(
  manifest: EncoderManifest,
  stored: StoredModel | null,
  settings: HubSettings,
): Promise<Inspection> {
  const source = stored?.source ?? (await cachedSource(manifest, settings));
  const find = finder(manifest, source, settings);
  const model = modelFile(manifest).path;
  const modelAt = await find(model);
  const companions = modelAt === null ? [] : await externalPaths(model, modelAt.file);
  const wanted = [...new Set([model, ...manifest.files.map((f) => f.path), ...companions])];
  const found = await Promise.all(wanted.map(find));
  const files = found.filter((file) => file !== null);
  const missing = wanted.filter((_, i) => found[i] === null);
  const stamp = stampOf(files);
  const partBytes = await bytesOfParts(manifest, settings);
  const facts = { files, missing, partBytes, source, stamp, checked: null };
  if (missing.length > 0) {
    const nothing = files.length === 0 && partBytes === 0;
    return { ...facts, state: nothing ? 'missing' : 'partial', detail: remedy(manifest, stored, missing) };
  }
  try {
    const checked = await checkModel(manifest, modelAt!.file);
    return { ...facts, checked, ...afterCheck(manifest, stored, stamp) };
  } catch (error) {
    return { ...facts, state: 'mismatch', detail: errorShape(error).message };
  }
}

function afterCheck(
  { id }: EncoderManifest,
  stored: StoredModel | null,
  stamp: string,
): { state: EncoderState; detail: string | null } {
  if (stored === null || stored.stamp !== stamp) {
    const why =
      stored === null || stored.files.length === 0 ? 'not hashed yet' : 'changed since the last check';
    return { state: 'unverified', detail: `The files are there, but ${why}: studio encoders verify ${id}` };
  }
  return stored.problem === null
    ? { state: 'ready', detail: null }
    : { state: 'mismatch', detail: stored.problem };
}

function remedy(manifest: EncoderManifest, stored: StoredModel | null, missing: readonly string[]): string {
  if (stored !== null && 'local' in stored.source) {
    const folder = path.dirname(stored.source.local);
    return `Not there any more: ${missing.map((file) => path.join(folder, path.posix.basename(file))).join(', ')}`;
  }
  return manifest.hub === null
    ? 'It has no model: studio encoders add MANIFEST.json --model FILE.onnx'
    : `Not downloaded yet: studio encoders download ${manifest.id}`;
}

/** What another tool has downloaded counts too. */
async function cachedSource(
  { hub }: EncoderManifest,
  { cacheFolder }: HubSettings,
): Promise<StoredModel['source'] | null> {
  if (hub === null) return null;
  const commit = await cachedCommit(cacheFolder, hub.repository, hub.revision ?? DEFAULT_REVISION);
  return commit === null ? null : { commit };
}

/** Files by their path in the repository; of a local model by their path relative to the model file. */
function finder(
  manifest: EncoderManifest,
  source: StoredModel['source'] | null,
  { cacheFolder }: HubSettings,
): (file: string) => Promise<LocatedFile | null> {
  return async (file) => {
    if (source === null) return null;
    if ('local' in source) return located(file, localFile(manifest, source.local, file));
    if (manifest.hub === null) return null;
    const address = { repo: manifest.hub.repository, revision: source.commit, path: file };
    const cached = await findCachedFile({ cacheFolder, address });
    return cached === null ? null : located(file, cached.file);
  };
}

/** A local model may have another file name than the manifest's; its companions lie beside it. */
function localFile(manifest: EncoderManifest, local: string, file: string): string {
  const model = modelFile(manifest).path;
  if (file === model) return local;
  return path.join(path.dirname(local), ...path.posix.relative(path.posix.dirname(model), file).split('/'));
}

async function located(name: string, file: string): Promise<LocatedFile | null> {
  const facts = await stat(file).catch(() => null);
  if (facts === null || !facts.isFile()) return null;
  return { path: name, file, bytes: facts.size, mtimeMs: facts.mtimeMs };
}

/** Absolute paths of all files of a local model, there or not: the graph, what the manifest and the graph name. */
export async function localModelFiles(manifest: EncoderManifest, local: string): Promise<string[]> {
  const model = modelFile(manifest).path;
  const named = [...manifest.files.map((f) => f.path), ...(await externalPaths(model, local))];
  return [...new Set(named.map((file) => localFile(manifest, local, file)))];
}

/** Paths in the repository of the external data that a graph names; none where the file is no model. */
export async function externalPaths(model: string, file: string): Promise<string[]> {
  const header = await readOnnxHeader(file).catch((error: unknown) => {
    if (error instanceof StudioError) return null; // checkModel says what is wrong with it
    throw error;
  });
  return (header?.external ?? []).map(({ location }) => path.posix.join(path.posix.dirname(model), location));
}

/** Sizes and times: as long as they stay, the files count as those that were hashed. */
export function stampOf(files: readonly LocatedFile[]): string {
  return files
    .map((file) => `${file.path} ${file.bytes} ${file.mtimeMs}`)
    .sort()
    .join('\n');
}

async function bytesOfParts({ hub }: EncoderManifest, { cacheFolder }: HubSettings): Promise<number> {
  if (hub === null) return 0;
  const blobs = path.join(modelFolder(cacheFolder, hub.repository), 'blobs');
  const names = (await readdir(blobs).catch((): string[] => [])).filter((n) =>
    n.endsWith('.studio.incomplete'),
  );
  const sizes = await Promise.all(names.map((name) => stat(path.join(blobs, name)).catch(() => null)));
  return sizes.reduce((sum, facts) => sum + (facts?.size ?? 0), 0);
}

/** Brings and checks a model: what is found is recorded, and enforced from then on. */
import type { VerifyResult, DownloadResult } from '../../../src-shared/encoders.ts';
import { modelFile } from '../../../src-shared/encoder-manifest.ts';
import { StudioError, errorShape } from '../../../src-shared/errors.ts';
import type { ModelFile } from '../../catalog/encoders.ts';
import type { Encoders, InspectedEncoder } from './encoders.ts';
import { fetchModel } from './hub/fetch-model.ts';
import { difference, hashFile, hashOfEtag } from './hub/hash-file.ts';
import type { DownloadProgress } from './hub/progress.ts';
import { DEFAULT_REVISION, externalPaths } from './model-files.ts';
import type { LocatedFile } from './model-files.ts';
import { checkModel } from './onnx-check.ts';
import { readlink } from 'node:fs/promises';
import path from 'node:path';

/** How a model job hears of progress and is stopped. */
export type ModelJobOptions = { signal: AbortSignal; onProgress(progress: DownloadProgress): void };

/**
 * Downloads what is missing of a model, external data named by the graph included, and records its hashes. A commit
 * that was used before is asked for again, so that a branch that moves on changes nothing. Throws what fetchModel
 * throws, and 'bad-input' where graph and manifest do not fit.
 */
export async function downloadModel(
  encoders: Encoders,
  id: string,
  options: ModelJobOptions,
): Promise<DownloadResult> {
  const encoder = await encoders.inspect(id);
  const { manifest, stored } = encoder;
  if (manifest.hub === null || (stored !== null && 'local' in stored.source)) {
    throw new StudioError(
      'bad-input',
      `Encoder "${id}" has a model of your own: there is nothing to download`,
      {
        hint: 'Give its file: studio encoders add MANIFEST.json --model FILE.onnx',
      },
    );
  }
  const model = modelFile(manifest).path;
  const fetched = await fetchModel({
    ...options,
    settings: encoders.settings,
    repo: manifest.hub.repository,
    revision:
      stored !== null && 'commit' in stored.source
        ? stored.source.commit
        : (manifest.hub.revision ?? DEFAULT_REVISION),
    files: encoders.wantedFiles(encoder),
    companions: (placed) => (placed.path === model ? externalPaths(model, placed.file) : []),
  });
  const files = fetched.files.map(({ path: name, size, sha256 }) => ({ path: name, bytes: size, sha256 }));
  const modelAt = fetched.files.find((file) => file.path === model)!.file;
  const misfit = await checkModel(manifest, modelAt).then(
    () => null,
    (error: unknown) => error,
  );
  const problem = misfit === null ? null : errorShape(misfit).message;
  await encoders.record(encoder, { commit: fetched.commit }, files, problem);
  if (misfit !== null) throw misfit;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { encoder: id, bytes, files: files.length, commit: fetched.commit };
}

/**
 * Hashes every file of a model and compares with what is recorded, what the manifest says and, in the hub's cache, with
 * the blob's name. The first time the hashes are taken and recorded. Throws 'not-available' where files are missing,
 * 'corrupt' that names both sides, 'bad-input' where graph and manifest do not fit, 'cancelled'.
 */
export async function verifyModelFiles(
  encoders: Encoders,
  id: string,
  { signal, onProgress }: ModelJobOptions,
): Promise<VerifyResult> {
  const encoder = await encoders.inspect(id);
  const { found, stored } = encoder;
  if (found.source === null || found.missing.length > 0) await encoders.require(id); // says what is missing
  const size = found.files.reduce((sum, file) => sum + file.bytes, 0);
  const files: ModelFile[] = [];
  const problems: string[] = [];
  let before = 0;
  for (const file of found.files) {
    const report = (fileBytes: number) =>
      onProgress({
        phase: 'verify',
        path: file.path,
        fileBytes,
        fileSize: file.bytes,
        bytes: before + fileBytes,
        size,
        bytesPerSecond: null,
        secondsLeft: null,
      });
    const hashes = await hashFile({ file: file.file, signal, onBytes: report });
    before += file.bytes;
    files.push({ path: file.path, bytes: hashes.size, sha256: hashes.sha256 });
    const problem =
      difference(enforced(encoders, encoder, file), hashes) ?? difference(await blobHash(file), hashes);
    if (problem !== null) problems.push(`${file.path}: ${problem}`);
  }
  const wrong = problems.length > 0;
  // A damaged model keeps the hashes it must have; a graph that does not fit is checked at every look.
  const known = wrong ? (stored?.files ?? []) : files;
  await encoders.record(encoder, found.source!, known, wrong ? problems.join('; ') : null);
  if (wrong) {
    throw new StudioError(
      'corrupt',
      `The model of encoder "${id}" is not the one that was recorded: ${problems.join('; ')}`,
      {
        file: found.files[0]!.file,
        hint: `Get the right file again, or forget this one: studio encoders remove ${id}`,
      },
    );
  }
  await checkModel(encoder.manifest, found.files[0]!.file);
  return { encoder: id, files };
}

function enforced(encoders: Encoders, encoder: InspectedEncoder, file: LocatedFile) {
  const wanted = encoders.wantedFiles(encoder).find(({ path: name }) => name === file.path);
  const recorded = encoder.stored?.files.find(({ path: name }) => name === file.path);
  return {
    size: wanted?.size ?? recorded?.bytes ?? null,
    sha256: wanted?.sha256 ?? recorded?.sha256 ?? null,
  };
}

/** The hub's cache names a blob by its content; a file that is no link into it says nothing. */
async function blobHash({ file }: LocatedFile) {
  const target = await readlink(file).catch(() => null);
  return target === null ? {} : hashOfEtag(path.basename(target));
}

/** The encoders' manifests: built-in ones (resources/encoders) and the user's own (home/encoders). */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseEncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { StudioError, errorShape } from '../../../src-shared/errors.ts';
import type { ErrorShape } from '../../../src-shared/errors.ts';

/** Folder of the built-in manifests, one file each, named by id. */
export const BUILT_IN_ENCODERS = path.resolve(import.meta.dirname, '../../../resources/encoders');

/** A manifest is a few KiB of JSON; anything larger is something else (a model, say). */
const MAX_BYTES = 256 * 1024;

/** A manifest and where it comes from. */
export type LoadedManifest = { manifest: EncoderManifest; file: string; builtIn: boolean };

/** Reads one manifest. Throws StudioError that names file and field: 'bad-input', 'not-found', 'no-permission'. */
export function readManifest(file: string): EncoderManifest {
  let text: string;
  try {
    // Asked before it is read: reading a pipe would wait for its writer.
    const facts = statSync(file);
    if (!facts.isFile()) throw notAManifest(file, 'it is not a file');
    if (facts.size > MAX_BYTES) throw notAManifest(file, `it has ${facts.size} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw StudioError.fromShape(errorShape(error, file));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw notAManifest(file, (error as Error).message);
  }
  return parseEncoderManifest(json, file);
}

/**
 * Every manifest: built-in ones, then those of `userFolder` (null or not there: none), each in order of file names.
 * A user manifest that is wrong, or takes an id that is taken, goes to `errors` and hides no other.
 */
export function loadManifests(userFolder: string | null): {
  manifests: LoadedManifest[];
  errors: ErrorShape[];
} {
  const manifests = manifestFiles(BUILT_IN_ENCODERS).map((file) => ({
    manifest: readManifest(file),
    file,
    builtIn: true,
  }));
  const errors: ErrorShape[] = [];
  for (const file of userFolder === null ? [] : userFiles(userFolder, errors)) {
    try {
      const manifest = readManifest(file);
      refuseTakenId(manifest.id, file, manifests);
      manifests.push({ manifest, file, builtIn: false });
    } catch (error) {
      errors.push(errorShape(error, file));
    }
  }
  return { manifests, errors };
}

function userFiles(folder: string, errors: ErrorShape[]): string[] {
  try {
    return manifestFiles(folder);
  } catch (error) {
    // No folder: the user has added no encoder yet.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') errors.push(errorShape(error, folder));
    return [];
  }
}

function manifestFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => path.join(folder, name));
}

function refuseTakenId(id: string, file: string, manifests: readonly LoadedManifest[]): void {
  const other = manifests.find((loaded) => loaded.manifest.id === id);
  if (other === undefined) return;
  throw new StudioError('conflict', `Encoder manifest ${file}: "id": "${id}" is taken by ${other.file}`, {
    file,
    hint: 'Give the encoder another id.',
  });
}

function notAManifest(file: string, why: string): StudioError {
  return new StudioError('bad-input', `Encoder manifest ${file}: not a JSON manifest: ${why}`, {
    file,
    hint: 'docs/encoders.md shows what a manifest looks like.',
  });
}

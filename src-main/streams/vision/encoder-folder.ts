/** Looks into a folder for what may become an encoder: manifests, models, and which fit which. Reads headers only. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type {
  EncoderFolder,
  FoundExternal,
  FoundManifest,
  FoundModel,
} from '../../../src-shared/encoder-folder.ts';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { errorShape } from '../../../src-shared/errors.ts';
import { readManifest } from './manifests.ts';
import { compareInterface } from './onnx-check.ts';
import { readOnnxHeader } from './onnx-header.ts';

/** Files of each kind that are looked at; a folder with more is no folder of encoders. */
const MAX_FILES = 40;

/** Where a file really lies: inside of what may be read, outside of it, or nowhere. */
export type PlaceOf = (file: string) => Promise<'inside' | 'outside' | 'missing'>;

/** Reads the manifests and model headers among `names` (plain names in `folder`). Throws nothing for a wrong file. */
export async function lookIntoFolder(
  folder: string,
  names: readonly string[],
  placeOf: PlaceOf,
): Promise<Omit<EncoderFolder, 'id' | 'path'>> {
  const isModel = (name: string) => name.toLowerCase().endsWith('.onnx');
  const modelNames = names.filter(isModel);
  const manifestNames = names.filter((name) => !isModel(name));
  const models: FoundModel[] = [];
  for (const name of modelNames.slice(0, MAX_FILES)) models.push(await readModel(folder, name, placeOf));
  return {
    models,
    manifests: manifestNames.slice(0, MAX_FILES).map((name) => readOneManifest(folder, name, models)),
    leftOut: Math.max(0, modelNames.length - MAX_FILES) + Math.max(0, manifestNames.length - MAX_FILES),
  };
}

async function readModel(folder: string, name: string, placeOf: PlaceOf): Promise<FoundModel> {
  const file = path.join(folder, name);
  const bytes = (await stat(file).catch(() => null))?.size ?? 0;
  try {
    const header = await readOnnxHeader(file);
    const external: FoundExternal[] = [];
    for (const { location, bytes: needed } of header.external) {
      const state = await stateOf(path.join(folder, location), needed, placeOf);
      external.push({ location, bytes: needed, state });
    }
    return { file: name, bytes, header: { ...header, external }, error: null };
  } catch (error) {
    return { file: name, bytes, header: null, error: errorShape(error, file) };
  }
}

async function stateOf(file: string, needed: number, placeOf: PlaceOf): Promise<FoundExternal['state']> {
  const place = await placeOf(file);
  if (place !== 'inside') return place;
  const there = await stat(file).catch(() => null);
  if (there === null || !there.isFile()) return 'missing';
  return there.size < needed ? 'short' : 'there';
}

function readOneManifest(folder: string, name: string, models: readonly FoundModel[]): FoundManifest {
  const file = path.join(folder, name);
  let manifest: EncoderManifest;
  try {
    manifest = readManifest(file);
  } catch (error) {
    return { file: name, encoder: null, error: errorShape(error, file), fits: [] };
  }
  const { id, title, output, hub } = manifest;
  const fits = models.flatMap(({ file: model, header }) =>
    header === null ? [] : [{ model, mismatches: compareInterface(manifest, header) }],
  );
  const encoder = { id, title, dimension: output.dimension, repository: hub?.repository ?? null };
  return { file: name, encoder, error: null, fits };
}

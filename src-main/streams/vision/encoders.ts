/** The encoders of a home: built-in and the user's own manifests, with the model that each has on this machine. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import type { EncoderRemoval, HubFacts, Provider } from '../../../src-shared/encoders.ts';
import { StudioError, errorShape } from '../../../src-shared/errors.ts';
import type { ErrorShape } from '../../../src-shared/errors.ts';
import { nearest } from '../../../src-shared/experiment-spec.ts';
import type { CatalogWriter } from '../../catalog/commands.ts';
import type { ModelFile, StoredModel } from '../../catalog/encoders.ts';
import type { CatalogReader } from '../../catalog/reader.ts';
import { DECODER_VERSION } from '../../images/decode.ts';
import type { WantedFile } from './hub/verify-model.ts';
import { removeModel } from './hub/remove-model.ts';
import { resolveHubSettings } from './hub/settings.ts';
import type { HubSettings } from './hub/settings.ts';
import { encoderVersion, modelDigest } from './manifest-version.ts';
import { loadManifests } from './manifests.ts';
import type { LoadedManifest } from './manifests.ts';
import { inspectModel } from './model-files.ts';
import type { Inspection } from './model-files.ts';
import type { CheckedModel } from './onnx-check.ts';

/** An encoder whose model is there, hashed and fitting. `digest`: one SHA-256 for all its files. */
export type ReadyEncoder = {
  manifest: EncoderManifest;
  modelPath: string;
  digest: string;
  checked: CheckedModel;
};

/** A manifest with what is known of its model. */
export type InspectedEncoder = LoadedManifest & { stored: StoredModel | null; found: Inspection };

/** Finds, adds and removes encoders. The hub's settings are read anew for each instance. */
export class Encoders {
  readonly settings: HubSettings;
  readonly #folder: string;
  readonly #reader: CatalogReader;
  readonly #writer: CatalogWriter;

  /** `folder` holds the user's manifests. Throws 'bad-input' where HF_ENDPOINT is no address. */
  constructor(parts: {
    folder: string;
    reader: CatalogReader;
    writer: CatalogWriter;
    settings?: HubSettings;
  }) {
    this.#folder = parts.folder;
    this.#reader = parts.reader;
    this.#writer = parts.writer;
    this.settings = parts.settings ?? resolveHubSettings();
  }

  get hub(): HubFacts {
    const { endpoint, offline, token, cacheFolder } = this.settings;
    return { endpoint, offline, token: token !== null, cacheFolder };
  }

  ids(): string[] {
    return loadManifests(this.#folder).manifests.map(({ manifest }) => manifest.id);
  }

  has(id: string): boolean {
    return this.ids().includes(id);
  }

  /** A manifest by id. Throws 'not-found' naming the nearest known id. */
  get(id: string): LoadedManifest {
    const { manifests } = loadManifests(this.#folder);
    const found = manifests.find(({ manifest }) => manifest.id === id);
    if (found !== undefined) return found;
    const ids = manifests.map(({ manifest }) => manifest.id);
    const near = nearest(id, ids);
    throw new StudioError('not-found', `There is no encoder "${id}"`, {
      hint: `${near === null ? '' : `Did you mean "${near}"? `}Known: ${ids.join(', ')}.`,
    });
  }

  /** Every encoder and the state of its model; user manifests that can not be used are `problems`. */
  async inspectAll(): Promise<{ encoders: InspectedEncoder[]; problems: ErrorShape[] }> {
    const { manifests, errors } = loadManifests(this.#folder);
    return {
      encoders: await Promise.all(manifests.map((loaded) => this.#inspect(loaded))),
      problems: errors,
    };
  }

  /** One encoder. Throws 'not-found'. */
  inspect(id: string): Promise<InspectedEncoder> {
    return this.#inspect(this.get(id));
  }

  async #inspect(loaded: LoadedManifest): Promise<InspectedEncoder> {
    const stored = this.#reader.encoders.model(loaded.manifest.id);
    return { ...loaded, stored, found: await inspectModel(loaded.manifest, stored, this.settings) };
  }

  /** The encoder, ready to run. Throws 'not-available' that names the command to get there, 'conflict' for a mismatch. */
  async require(id: string): Promise<ReadyEncoder> {
    const { manifest, stored, found } = await this.inspect(id);
    if (found.state === 'ready' && stored !== null && found.checked !== null) {
      const modelPath = found.files[0]!.file;
      return { manifest, modelPath, digest: modelDigest(stored.files), checked: found.checked };
    }
    if (found.state === 'mismatch') {
      throw new StudioError('conflict', `Encoder "${id}": ${found.detail}`, {
        file: found.files[0]?.file ?? '',
        hint: `Get the right file, or forget this one: studio encoders remove ${id}`,
      });
    }
    const [why, command] = (found.detail ?? '').split(': studio ');
    throw new StudioError('not-available', `The model of encoder "${id}" can not be used: ${why}`, {
      hint: command === undefined ? 'See: studio encoders list' : `Do: studio ${command}`,
    });
  }

  /** Sizes and hashes that the model's files must have: taken when it was first used, else the manifest's. */
  wantedFiles({ manifest, stored }: Pick<InspectedEncoder, 'manifest' | 'stored'>): WantedFile[] {
    const known = new Map((stored?.files ?? []).map((file) => [file.path, file]));
    return manifest.files.map(({ path: name, bytes, sha256 }) => ({
      path: name,
      size: known.get(name)?.bytes ?? bytes ?? undefined,
      sha256: known.get(name)?.sha256 ?? sha256 ?? undefined,
    }));
  }

  /** Stores what a check has found; a `problem` keeps the hashes that are enforced. */
  async record(
    encoder: InspectedEncoder,
    source: StoredModel['source'],
    files: ModelFile[],
    problem: string | null,
  ): Promise<void> {
    const { manifest, stored } = encoder;
    const model = { encoder: manifest.id, source, files, problem, provider: stored?.provider ?? null };
    // Inspected under the new source: only then the files are looked for in the right place.
    const found = await inspectModel(manifest, { ...model, stamp: '' }, this.settings);
    await this.#writer.saveModel({ ...model, stamp: found.stamp });
  }

  /** Remembers which provider was chosen last. */
  async noteProvider(id: string, provider: Provider): Promise<void> {
    await this.#writer.saveProvider(id, provider);
  }

  /** Takes in a manifest (`origin`: its file, null where it was written in the window), and a local model for it or for
   *  a manifest that is known already. The model is not copied; its hash is taken by the next check. Throws 'bad-input'
   *  where manifest and model do not fit, 'conflict'. */
  async add(manifest: EncoderManifest, modelPath: string | null, origin: string | null): Promise<void> {
    const taken = loadManifests(this.#folder).manifests.find((m) => m.manifest.id === manifest.id);
    if (taken !== undefined && JSON.stringify(taken.manifest) !== JSON.stringify(manifest)) {
      throw new StudioError('conflict', `There already is another encoder "${manifest.id}" (${taken.file})`, {
        ...(origin === null ? {} : { file: origin }),
        hint: taken.builtIn ? 'Give yours another id.' : 'Give yours another id, or remove that one first.',
      });
    }
    const record = modelPath === null ? null : await this.#recordOf(manifest, path.resolve(modelPath));
    if (taken === undefined) await this.#writeManifest(manifest);
    if (record !== null) await this.#writer.saveModel(record);
  }

  async #recordOf(manifest: EncoderManifest, local: string): Promise<StoredModel> {
    const source = { local };
    const record = { encoder: manifest.id, source, files: [], stamp: '', problem: null, provider: null };
    const { state, detail } = await inspectModel(manifest, record, this.settings);
    if (state === 'unverified') return record;
    throw new StudioError('bad-input', detail ?? state, {
      file: local,
      hint: 'Correct the manifest, or take the model file that it describes.',
    });
  }

  async #writeManifest(manifest: EncoderManifest): Promise<void> {
    const target = path.join(this.#folder, `${manifest.id}.json`);
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(target, `${JSON.stringify(manifest, null, 2)}\n`);
    } catch (error) {
      throw StudioError.fromShape(errorShape(error, target));
    }
  }

  /** What `remove` would take away. */
  async removal(id: string): Promise<EncoderRemoval> {
    const { manifest, builtIn, found } = await this.inspect(id);
    const local = found.source !== null && 'local' in found.source;
    const bytes = local ? 0 : found.files.reduce((sum, file) => sum + file.bytes, found.partBytes);
    const features = this.#reader.encoders.usage(id);
    const parts = [
      bytes > 0
        ? `${(bytes / 1e6).toFixed(0)} MB of model files of ${manifest.hub?.repository} leave the cache, which other tools use too`
        : local
          ? 'the model file itself stays where it is'
          : 'there are no model files',
      ...(builtIn ? [] : ['the manifest is deleted']),
      features.pictures > 0
        ? `features of ${features.pictures} pictures in ${features.datasets} datasets stay, but can not be extended`
        : 'no features are affected',
    ];
    return { id, bytes, manifest: !builtIn, features, message: `${parts.join('; ')}.` };
  }

  /** Forgets an encoder: its files in the hub's cache, its hashes, and a user's manifest. Features stay. Throws 'busy'. */
  async remove(id: string): Promise<EncoderRemoval> {
    const removal = await this.removal(id);
    const { manifest, builtIn, file, found } = await this.inspect(id);
    const local = found.source !== null && 'local' in found.source;
    if (!local && manifest.hub !== null) {
      const paths = [...found.files.map((f) => f.path), ...found.missing];
      await removeModel({ cacheFolder: this.settings.cacheFolder, repo: manifest.hub.repository, paths });
    }
    await this.#writer.forgetModel(id);
    if (!builtIn) await rm(file, { force: true });
    return removal;
  }
}

/** The stream version of a ready encoder on a provider. */
export function versionOf(
  { manifest, digest }: Pick<ReadyEncoder, 'manifest' | 'digest'>,
  provider: string,
): string {
  return encoderVersion(manifest, digest, DECODER_VERSION, provider);
}

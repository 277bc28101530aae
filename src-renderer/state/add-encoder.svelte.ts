import { api, errorOf } from '../api.ts';
import type { EncoderFolder, FoundManifest, FoundModel } from '../../src-shared/encoder-folder.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import { draftManifest, manifestFrom, type ManifestDraft } from '../../src-shared/manifest-draft.ts';

/** The way of a folder's files to an encoder: look, choose manifest and model (or write a manifest), add. What was
 *  chosen and written stays until it is added or another folder is taken. */
export class AddEncoderFlow {
  open = $state(false);
  busy = $state(false);
  folder = $state.raw<EncoderFolder | null>(null);
  error = $state.raw<ErrorShape | null>(null);
  /** File name of the chosen manifest; null: it is written here. */
  manifestFile = $state.raw<string | null>(null);
  /** File name of the chosen model; null: the hub's. */
  modelFile = $state.raw<string | null>(null);
  /** Manifests being written, by model. */
  #drafts = $state<Record<string, ManifestDraft>>({});
  #added: (id: string, title: string) => void;

  /** `added`: told when an encoder has been taken in. */
  constructor(added: (id: string, title: string) => void) {
    this.#added = added;
  }

  manifest = $derived.by<FoundManifest | null>(
    () => this.folder?.manifests.find(({ file }) => file === this.manifestFile) ?? null,
  );
  model = $derived.by<FoundModel | null>(
    () => this.folder?.models.find(({ file }) => file === this.modelFile) ?? null,
  );
  /** The form of the manifest that is written here; null where one was chosen, or the model can not be read. */
  draft = $derived.by<ManifestDraft | null>(() =>
    this.manifestFile === null && this.modelFile !== null ? (this.#drafts[this.modelFile] ?? null) : null,
  );
  /** What differs between the chosen manifest and a model; null where there is nothing to compare. */
  mismatches(model: string): string[] | null {
    return this.manifest?.fits.find((fit) => fit.model === model)?.mismatches ?? null;
  }
  /** Whether the chosen files are enough, and nothing is known to be wrong with them. */
  complete = $derived.by<boolean>(() => {
    if (this.model !== null) {
      if (this.model.header?.external.some(({ state }) => state !== 'there') ?? true) return false;
      if (this.mismatches(this.model.file)?.length) return false;
    }
    if (this.manifestFile === null) return this.draft !== null;
    return this.model !== null || this.manifest?.encoder?.repository != null;
  });

  /** Reads a folder and chooses what fits. */
  async look(id: string): Promise<void> {
    this.open = true;
    this.error = null;
    try {
      const found = await api.encoders.inFolder.query({ folder: id });
      const readable = found.models.filter(({ header }) => header !== null);
      this.#drafts = Object.fromEntries(readable.map((model) => [model.file, draftManifest(model)]));
      this.folder = found;
      this.modelFile = null;
      const usable = found.manifests.filter(({ encoder }) => encoder !== null);
      const best = usable.find(({ fits }) => fits.some(({ mismatches }) => mismatches.length === 0));
      if (best === undefined && usable.length === 0) this.chooseWriting();
      else this.chooseManifest((best ?? usable[0]!).file);
    } catch (error) {
      this.folder = null;
      this.error = errorOf(error);
    }
  }

  /** Takes a manifest of the folder, with the model that fits it, if one does. */
  chooseManifest(file: string): void {
    this.error = null;
    this.manifestFile = file;
    const fits = this.manifest?.fits ?? [];
    const fitting = fits.find(({ mismatches }) => mismatches.length === 0);
    const own = this.manifest?.encoder?.repository === null;
    this.modelFile = fitting?.model ?? (own ? (fits[0]?.model ?? null) : null);
  }

  /** Writes a manifest for a model. */
  chooseWriting(): void {
    this.error = null;
    this.manifestFile = null;
    this.modelFile ??= this.folder?.models.find(({ header }) => header !== null)?.file ?? null;
  }

  chooseModel(file: string | null): void {
    this.error = null;
    this.modelFile = file;
  }

  /** Adds what was chosen; on failure everything stays as it is, with the reason. */
  async add(): Promise<void> {
    if (this.folder === null || !this.complete) return;
    const { folder, manifestFile, modelFile, draft } = this;
    this.busy = true;
    this.error = null;
    try {
      const manifest =
        draft === null
          ? { file: manifestFile! }
          : { written: manifestFrom($state.snapshot(draft), modelFile!) };
      const title = draft?.title ?? this.manifest?.encoder?.title ?? '';
      const { id } = await api.encoders.addFromFolder.mutate({
        folder: folder.id,
        manifest,
        model: modelFile,
      });
      this.open = false;
      this.folder = null;
      this.#added(id, title);
    } catch (error) {
      this.error = errorOf(error);
    }
    this.busy = false;
  }
}

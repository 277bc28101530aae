import { randomUUID } from 'node:crypto';
import { StudioError } from '../../src-shared/errors.ts';
import type { DatasetSummary, ImportOptions, ScanReport } from '../../src-shared/dataset.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { DatasetDraft } from '../datasets/draft.ts';
import { scanInWorker } from '../datasets/scan-thread.ts';
import type { JobControl } from './queue.ts';

export type ScanPayload = { folder: string; options: ImportOptions };

/** Drafts kept for a later import; the oldest is forgotten first. */
const KEPT_DRAFTS = 4;
/** An update of a dataset under the same name but another folder needs this share of its image names to be a relink. */
const RELINK_OVERLAP = 0.5;

/** Scans folders and keeps what was found until it is imported: nothing is written before. */
export class Scanner {
  readonly #catalog: { reader: CatalogReader; writer: CatalogWriter };
  readonly #drafts = new Map<string, { draft: DatasetDraft; updates: number | null }>();

  constructor(catalog: { reader: CatalogReader; writer: CatalogWriter }) {
    this.#catalog = catalog;
  }

  /** Reads labels, headers and hashes of a folder; the report says what an import would do. */
  async scan({ folder, options }: ScanPayload, control: JobControl): Promise<ScanReport> {
    const { datasets } = this.#catalog.reader;
    const sameFolder = datasets
      .list()
      .find((d) => d.folder === folder && (options.name ?? d.name) === d.name);
    const known = sameFolder === undefined ? new Map<string, never>() : datasets.knownFiles(sameFolder.id);
    const draft = await scanInWorker(folder, options, known, {
      signal: control.signal,
      onProgress: (done, total) => control.progress({ done, total, message: 'Reading files' }),
    });
    if (sameFolder !== undefined && options.name === undefined) draft.name = sameFolder.name;
    const updates = this.#datasetToUpdate(draft, sameFolder?.id ?? null);
    const scan = randomUUID();
    this.#drafts.set(scan, { draft, updates: updates?.id ?? null });
    const [oldest] = this.#drafts.keys();
    if (this.#drafts.size > KEPT_DRAFTS && oldest !== undefined) this.#drafts.delete(oldest);
    return report(scan, draft, updates);
  }

  /** Writes what a scan found. Throws StudioError not-found where the scan was forgotten. */
  async import(scan: string, name?: string): Promise<DatasetSummary> {
    const found = this.#drafts.get(scan);
    if (found === undefined) {
      throw new StudioError('not-found', 'This scan is no longer in memory', {
        hint: 'Scan the folder again.',
      });
    }
    const { datasets } = this.#catalog.reader;
    const draft = name === undefined ? found.draft : { ...found.draft, name };
    // The dataset may have been deleted since the scan.
    const updates = datasets.list().some((d) => d.id === found.updates) ? found.updates : null;
    const taken = datasets.findByName(draft.name);
    if (taken !== null && taken.id !== updates) {
      throw new StudioError('conflict', `There already is a dataset named "${draft.name}"`, {
        hint: 'Import it under another name.',
      });
    }
    const id = await this.#catalog.writer.saveDataset(draft, updates);
    this.#drafts.delete(scan);
    return datasets.get(id);
  }

  /** The dataset that this draft updates: the same folder, or the same name and mostly the same images (it moved). */
  #datasetToUpdate(draft: DatasetDraft, sameFolder: number | null): ScanReport['updates'] {
    const { datasets } = this.#catalog.reader;
    if (sameFolder !== null) return { id: sameFolder, name: datasets.get(sameFolder).name, relinked: false };
    const sameName = datasets.findByName(draft.name);
    if (sameName === null) return null;
    const names = new Set(datasets.imageNames(sameName.id));
    const common = draft.images.filter((i) => names.has(i.name)).length;
    if (common >= RELINK_OVERLAP * Math.min(names.size, draft.images.length)) {
      return { id: sameName.id, name: sameName.name, relinked: sameName.folder !== draft.folder };
    }
    throw new StudioError('conflict', `There already is a dataset named "${draft.name}", with other images`, {
      file: draft.folder,
      hint: 'Give this one another name: --name NAME.',
    });
  }
}

function report(scan: string, draft: DatasetDraft, updates: ScanReport['updates']): ScanReport {
  const { images, bytes, seconds } = draft;
  const rated = images.flatMap((i) => i.labels.filter((l) => l.name === draft.label).map((l) => l.mos));
  const splits = Object.groupBy(
    images.filter((i) => i.split !== null),
    (i) => i.split!,
  );
  const count = (status: string) => images.filter((i) => i.status === status).length;
  return {
    scan,
    format: draft.format,
    name: draft.name,
    folder: draft.folder,
    updates,
    images: images.length,
    found: count('ok'),
    missing: count('missing'),
    unreadable: count('unreadable'),
    duplicates: draft.duplicates,
    noScore: draft.noScore,
    scale: draft.scale,
    rated: draft.labels.length > 0,
    observed:
      rated.length === 0
        ? null
        : {
            min: rated.reduce((a, b) => Math.min(a, b), Infinity),
            max: rated.reduce((a, b) => Math.max(a, b), -Infinity),
          },
    label: draft.label,
    labels: draft.labels,
    groups:
      draft.groupKind === null
        ? null
        : {
            kind: draft.groupKind,
            count: new Set(images.map((i) => i.group).filter((g) => g !== null)).size,
          },
    splits: Object.fromEntries(Object.entries(splits).map(([split, of]) => [split, of?.length ?? 0])),
    synthetic: draft.synthetic,
    bytes,
    seconds,
    megabytesPerSecond: seconds > 0 ? bytes / 1e6 / seconds : 0,
    notes: draft.notes,
    problems: draft.problems.slice(0, 200),
  };
}

import { createHash } from 'node:crypto';
import type { DatasetFormat, DatasetSummary, Better } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { distortionName } from '../../src-shared/distortions.ts';
import type { Db } from './open.ts';

/** One image to store; labels in label units (spec/data.md). */
export type ImageToStore = {
  name: string;
  file: string;
  status: 'ok' | 'missing' | 'unreadable';
  reason: string | null;
  width: number | null;
  height: number | null;
  bytes: number | null;
  mtimeMs: number | null;
  sha256: string | null;
  labels: { name: string; mos: number; std: number | null; votes: number | null }[];
  group: string | null;
  reference: string | null;
  distortion: string | null;
  level: number | null;
  split: string | null;
  original: Record<string, string>;
};

/** A dataset to store or to update. */
export type DatasetToStore = {
  format: DatasetFormat;
  name: string;
  folder: string;
  label: string;
  labels: string[];
  scale: { min: number; max: number; better: Better };
  groupKind: string | null;
  synthetic: boolean;
  images: ImageToStore[];
  duplicates: number;
  notes: string[];
};

type DatasetRow = {
  id: number;
  name: string;
  format: DatasetFormat;
  folder: string;
  label: string;
  labels: string;
  scale_min: number;
  scale_max: number;
  better: Better;
  group_kind: string | null;
  synthetic: number;
  duplicates: number;
  notes: string;
  created_at: string;
  updated_at: string;
};

/** A file as the last import saw it; an unchanged one (size and time) is not hashed again. */
export type KnownFile = { bytes: number; mtimeMs: number; sha256: string; width: number; height: number };

/** Reading side of datasets. */
export function datasetReads(db: Db) {
  const all = db.prepare<[], DatasetRow>('SELECT * FROM datasets ORDER BY created_at, id');
  const byId = db.prepare<[number], DatasetRow>('SELECT * FROM datasets WHERE id = ?');
  const byName = db.prepare<[string], DatasetRow>('SELECT * FROM datasets WHERE name = ?');
  const counts = db.prepare<
    [number],
    { images: number; missing: number; unreadable: number; groups: number }
  >(
    `SELECT count(*) AS images, coalesce(sum(status = 'missing'), 0) AS missing,
            coalesce(sum(status = 'unreadable'), 0) AS unreadable, count(DISTINCT group_name) AS groups
     FROM images WHERE dataset_id = ?`,
  );
  const splits = db.prepare<[number], { split: string; n: number }>(
    'SELECT split, count(*) AS n FROM images WHERE dataset_id = ? AND split IS NOT NULL GROUP BY split ORDER BY min(position)',
  );
  const distortions = db.prepare<[number], { type: string; images: number }>(
    'SELECT distortion AS type, count(*) AS images FROM images WHERE dataset_id = ? AND distortion IS NOT NULL GROUP BY distortion ORDER BY distortion',
  );
  const levels = db
    .prepare<[number], number>(
      'SELECT DISTINCT level FROM images WHERE dataset_id = ? AND level IS NOT NULL ORDER BY level',
    )
    .pluck();
  const histogram = db.prepare<[number, number, number, number], { bin: number; n: number }>(
    `SELECT CAST(min(23, max(0, (mos - ?) * 24 / ?)) AS INTEGER) AS bin, count(*) AS n
     FROM images WHERE dataset_id = ? AND mos IS NOT NULL AND ? > 0 GROUP BY bin`,
  );
  const observed = db.prepare<[number], { min: number | null; max: number | null }>(
    'SELECT min(mos) AS min, max(mos) AS max FROM images WHERE dataset_id = ?',
  );
  const files = db.prepare<[number], KnownFile & { file: string }>(
    `SELECT file, bytes, mtime_ms AS mtimeMs, content AS sha256, width, height FROM images
     WHERE dataset_id = ? AND status = 'ok' AND bytes IS NOT NULL AND mtime_ms IS NOT NULL AND width IS NOT NULL`,
  );
  const names = db.prepare<[number], string>('SELECT name FROM images WHERE dataset_id = ?').pluck();
  const impact = db.prepare<[number, number, number], { images: number; runs: number; features: number }>(
    `SELECT (SELECT count(*) FROM images WHERE dataset_id = ?) AS images,
            (SELECT count(*) FROM runs WHERE dataset_id = ?) AS runs,
            (SELECT count(*) FROM images i JOIN features f ON f.content = i.content WHERE i.dataset_id = ?) AS features`,
  );

  function summary(row: DatasetRow): DatasetSummary {
    const count = counts.get(row.id)!;
    return {
      id: row.id,
      name: row.name,
      format: row.format,
      folder: row.folder,
      images: count.images,
      missing: count.missing,
      unreadable: count.unreadable,
      duplicates: row.duplicates,
      rated: row.labels !== '[]',
      label: row.label,
      scale: { min: row.scale_min, max: row.scale_max, better: row.better },
      groups: row.group_kind === null ? null : { kind: row.group_kind, count: count.groups },
      synthetic: row.synthetic === 1,
      splits: Object.fromEntries(splits.all(row.id).map((s) => [s.split, s.n])),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }

  function requireRow(id: number): DatasetRow {
    const row = byId.get(id);
    if (row === undefined)
      throw new StudioError('not-found', `There is no dataset ${id}`, {
        hint: 'It may have been deleted; see the dataset list.',
      });
    return row;
  }

  return {
    list: () => all.all().map(summary),
    /** In the same order; unlike `list` it counts nothing. */
    names: () => all.all().map(({ id, name }) => ({ id, name })),
    get: (id: number) => summary(requireRow(id)),
    /** What stands beside every run; unlike `get` it counts nothing. */
    identity(id: number): Pick<DatasetSummary, 'id' | 'name' | 'synthetic' | 'scale'> {
      const row = requireRow(id);
      const scale = { min: row.scale_min, max: row.scale_max, better: row.better };
      return { id, name: row.name, synthetic: row.synthetic === 1, scale };
    },
    /** The default label of a dataset. */
    defaultLabel: (id: number): string => requireRow(id).label,
    findByName: (name: string) => {
      const row = byName.get(name);
      return row === undefined ? null : summary(row);
    },
    /** The named dataset; throws StudioError not-found that lists the names there are. */
    named(name: string): DatasetSummary {
      const row = byName.get(name);
      if (row !== undefined) return summary(row);
      const known = all.all().map((d) => d.name);
      throw new StudioError('not-found', `There is no dataset named "${name}"`, {
        hint:
          known.length === 0
            ? 'Import one first: studio import FOLDER.'
            : `Known datasets: ${known.join(', ')}.`,
      });
    },
    folder: (id: number) => requireRow(id).folder,
    labels: (id: number) => JSON.parse(requireRow(id).labels) as string[],
    notes: (id: number) => JSON.parse(requireRow(id).notes) as string[],
    distortions: (id: number) => distortions.all(id).map((d) => ({ ...d, name: distortionName(d.type) })),
    levels: (id: number) => levels.all(id),
    observed(id: number) {
      const range = observed.get(id);
      return range === undefined || range.min === null || range.max === null
        ? null
        : { min: range.min, max: range.max };
    },
    /** MOS histogram: 24 equal bins over the declared scale (values outside fall into the end bins). */
    histogram(id: number) {
      const { scale_min: from, scale_max: to } = requireRow(id);
      const width = (to - from) / 24;
      const found = new Map(histogram.all(from, to - from, id, to - from).map((h) => [h.bin, h.n]));
      return Array.from({ length: 24 }, (_, bin) => ({
        from: from + bin * width,
        to: from + (bin + 1) * width,
        count: found.get(bin) ?? 0,
      }));
    },
    knownFiles: (id: number) => new Map(files.all(id).map(({ file, ...known }) => [file, known])),
    imageNames: (id: number) => names.all(id),
    deletionImpact: (id: number) => impact.get(id, id, id)!,
  };
}

/** Writing side of datasets; each function is one transaction. */
export function datasetWrites(db: Db) {
  const insertDataset = db.prepare(
    `INSERT INTO datasets (name, format, folder, label, labels, scale_min, scale_max, better, group_kind, synthetic, duplicates, notes, created_at, updated_at)
     VALUES (@name, @format, @folder, @label, @labels, @scaleMin, @scaleMax, @better, @groupKind, @synthetic, @duplicates, @notes, @now, @now)`,
  );
  const updateDataset = db.prepare(
    `UPDATE datasets SET name=@name, format=@format, folder=@folder, label=@label, labels=@labels, scale_min=@scaleMin, scale_max=@scaleMax,
       better=@better, group_kind=@groupKind, synthetic=@synthetic, duplicates=@duplicates, notes=@notes, updated_at=@now WHERE id=@id`,
  );
  const existing = db.prepare<[number], { id: number; name: string; content: string }>(
    'SELECT id, name, content FROM images WHERE dataset_id = ?',
  );
  const upsertImage = db.prepare<[Record<string, unknown>], { id: number }>(
    `INSERT INTO images (dataset_id, position, name, file, content, status, reason, width, height, bytes, mtime_ms, group_name, reference, distortion, level, split, mos, std, original)
     VALUES (@dataset, @position, @name, @file, @content, @status, @reason, @width, @height, @bytes, @mtimeMs, @group, @reference, @distortion, @level, @split, @mos, @std, @original)
     ON CONFLICT (dataset_id, name) DO UPDATE SET position=excluded.position, file=excluded.file, content=excluded.content, status=excluded.status,
       reason=excluded.reason, width=excluded.width, height=excluded.height, bytes=excluded.bytes, mtime_ms=excluded.mtime_ms, group_name=excluded.group_name,
       reference=excluded.reference, distortion=excluded.distortion, level=excluded.level, split=excluded.split, mos=excluded.mos, std=excluded.std, original=excluded.original
     RETURNING id`,
  );
  const clearLabels = db.prepare('DELETE FROM labels WHERE image_id = ?');
  const insertLabel = db.prepare(
    'INSERT INTO labels (image_id, name, mos, std, votes) VALUES (?, ?, ?, ?, ?)',
  );
  const moveFeatures = db.prepare('UPDATE OR IGNORE features SET content = ? WHERE content = ?');
  const deleteImage = db.prepare('DELETE FROM images WHERE id = ?');
  // An import reads headers only; what an extraction could not decode stays unreadable until its content changes.
  const markUndecodable = db.prepare(
    `UPDATE images SET status = 'unreadable', reason = json_extract(x.error, '$.message') FROM feature_failures x
     WHERE images.dataset_id = ? AND images.status = 'ok' AND x.content = images.content
       AND json_extract(x.error, '$.code') = 'unreadable-image'`,
  );
  const rename = db.prepare('UPDATE datasets SET name = ?, updated_at = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM datasets WHERE id = ?');

  return {
    /**
     * Stores a dataset, or updates dataset `id`: rows are matched by image name, so predictions and features stay with
     * their image. A file that is missing now keeps its content hash, and with it its features.
     */
    saveDataset(dataset: DatasetToStore, id: number | null): number {
      const now = new Date().toISOString();
      const fields = {
        name: dataset.name,
        format: dataset.format,
        folder: dataset.folder,
        label: dataset.label,
        labels: JSON.stringify(dataset.labels),
        scaleMin: dataset.scale.min,
        scaleMax: dataset.scale.max,
        better: dataset.scale.better,
        groupKind: dataset.groupKind,
        synthetic: dataset.synthetic ? 1 : 0,
        duplicates: dataset.duplicates,
        notes: JSON.stringify(dataset.notes),
        now,
      };
      const datasetId = uniqueName(dataset.name, () => {
        if (id === null) return Number(insertDataset.run(fields).lastInsertRowid);
        updateDataset.run({ ...fields, id });
        return id;
      });
      const before = new Map(existing.all(datasetId).map((row) => [row.name, row]));
      dataset.images.forEach((image, position) => {
        const old = before.get(image.name);
        before.delete(image.name);
        const content = image.sha256 ?? old?.content ?? absentContent(datasetId, image.name);
        // Features imported while the file was not there follow the image to its content hash.
        if (old !== undefined && old.content.startsWith('absent:') && content !== old.content)
          moveFeatures.run(content, old.content);
        const primary = image.labels.find((l) => l.name === dataset.label);
        const row = upsertImage.get({
          dataset: datasetId,
          position,
          name: image.name,
          file: image.file,
          content,
          status: image.status,
          reason: image.reason,
          width: image.width,
          height: image.height,
          bytes: image.bytes,
          mtimeMs: image.mtimeMs,
          group: image.group,
          reference: image.reference,
          distortion: image.distortion,
          level: image.level,
          split: image.split,
          mos: primary?.mos ?? null,
          std: primary?.std ?? null,
          original: JSON.stringify(image.original),
        })!;
        if (old !== undefined) clearLabels.run(row.id);
        for (const label of image.labels)
          insertLabel.run(row.id, label.name, label.mos, label.std, label.votes);
      });
      for (const gone of before.values()) deleteImage.run(gone.id);
      markUndecodable.run(datasetId);
      return datasetId;
    },
    renameDataset(id: number, name: string): void {
      uniqueName(name, () => rename.run(name, new Date().toISOString(), id));
    },
    deleteDataset(id: number): void {
      remove.run(id);
    },
  };
}

/** Runs `write`; throws StudioError conflict where another dataset has this name. */
function uniqueName<T>(name: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if ((error as { code?: string }).code !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
    throw new StudioError('conflict', `There already is a dataset named "${name}"`, {
      hint: 'Choose another name.',
    });
  }
}

/** Stands in for a content hash where the file was never seen; unique per dataset and image name. */
function absentContent(dataset: number, name: string): string {
  return `absent:${createHash('sha256').update(`${dataset}\n${name}`).digest('hex')}`;
}

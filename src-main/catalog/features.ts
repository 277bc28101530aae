import type { ErrorShape } from '../../src-shared/errors.ts';
import type { Db } from './open.ts';

/** Identifies a feature matrix: which stream, in which version. */
export type StreamKey = { stream: string; version: string };

/** Images of a dataset: all, with the feature, with neither file nor feature, failed. */
export type StreamProgress = { total: number; done: number; unavailable: number; failed: number };

export type ImportedStream = StreamKey & { dimension: number; source: string; columns: string[] | null };

/** One computed feature vector (float32) of one content. */
export type FeatureToStore = { content: string; vector: Float32Array };
export type FailureToStore = { content: string; error: ErrorShape };

/** Reading side of features. */
export function featureReads(db: Db) {
  const has = db.prepare<
    [number, string, string],
    { id: number; content: string; file: string; name: string }
  >(
    `SELECT i.id, i.content, i.file, i.name FROM images i
       WHERE i.dataset_id = ? AND i.status != 'missing' AND i.content NOT LIKE 'absent:%'
         AND NOT EXISTS (SELECT 1 FROM features f WHERE f.content = i.content AND f.stream = ? AND f.version = ?)
       ORDER BY i.position`,
  );
  const one = db
    .prepare<[string, string, string], Buffer>(
      'SELECT vector FROM features WHERE content = ? AND stream = ? AND version = ?',
    )
    .pluck();
  const counts = db.prepare<[string, string, number], { total: number; done: number; unavailable: number }>(
    `SELECT count(*) AS total, coalesce(sum(f.content IS NOT NULL), 0) AS done,
            coalesce(sum(f.content IS NULL AND (i.status = 'missing' OR i.content LIKE 'absent:%')), 0) AS unavailable
     FROM images i LEFT JOIN features f ON f.content = i.content AND f.stream = ? AND f.version = ? WHERE i.dataset_id = ?`,
  );
  const failures = db.prepare<[number, string, string], { image: number; name: string; error: string }>(
    `SELECT i.id AS image, i.name, x.error FROM images i JOIN feature_failures x ON x.content = i.content
     WHERE i.dataset_id = ? AND x.stream = ? AND x.version = ? ORDER BY i.position`,
  );
  // Over all streams of a dataset in one pass: a look-up per image, whatever the number of streams.
  const perStream = db.prepare<[number], StreamKey & { n: number }>(
    `SELECT f.stream, f.version, count(*) AS n FROM images i CROSS JOIN features f ON f.content = i.content
     WHERE i.dataset_id = ? GROUP BY f.stream, f.version`,
  );
  const withoutFile = `i.dataset_id = ? AND (i.status = 'missing' OR i.content LIKE 'absent:%')`;
  const filesGone = db
    .prepare<[number], number>(`SELECT count(*) FROM images i WHERE ${withoutFile}`)
    .pluck();
  const perStreamWithoutFile = db.prepare<[number], StreamKey & { n: number }>(
    `SELECT f.stream, f.version, count(*) AS n FROM images i CROSS JOIN features f ON f.content = i.content
     WHERE ${withoutFile} GROUP BY f.stream, f.version`,
  );
  const failuresPerStream = db.prepare<[number], StreamKey & { n: number }>(
    `SELECT x.stream, x.version, count(*) AS n FROM feature_failures x CROSS JOIN images i ON i.content = x.content
     WHERE i.dataset_id = ? GROUP BY x.stream, x.version`,
  );
  const images = db.prepare<[number], number>('SELECT count(*) FROM images WHERE dataset_id = ?').pluck();
  const imported = db.prepare<
    [],
    { stream: string; version: string; dimension: number; source: string; columns: string | null }
  >('SELECT stream, version, dimension, source, columns FROM imported_streams ORDER BY imported_at');
  const active = db.prepare<[number], StreamKey>(
    'SELECT stream, version FROM dataset_streams WHERE dataset_id = ? ORDER BY stream',
  );
  const contents = db.prepare<[number], { name: string; content: string }>(
    'SELECT name, content FROM images WHERE dataset_id = ? ORDER BY position',
  );
  const vectors = db
    .prepare<[string, string, number, number, number], [number, Buffer]>(
      `SELECT i.position, f.vector FROM images i JOIN features f ON f.content = i.content AND f.stream = ? AND f.version = ?
       WHERE i.dataset_id = ? AND i.position >= ? AND i.position < ? ORDER BY i.position`,
    )
    .raw();

  return {
    /** Images of the dataset that have a file but no such feature yet, in label order. */
    pending: (dataset: number, key: StreamKey) => has.all(dataset, key.stream, key.version),
    vector(content: string, key: StreamKey): Float32Array | null {
      const blob = one.get(content, key.stream, key.version);
      return blob === undefined ? null : floats(blob);
    },
    counts: (dataset: number, key: StreamKey) => counts.get(key.stream, key.version, dataset)!,
    failures: (dataset: number, key: StreamKey) =>
      failures
        .all(dataset, key.stream, key.version)
        .map((f) => ({ image: f.image, name: f.name, error: JSON.parse(f.error) as ErrorShape })),
    /** How far each stream of a dataset is, as a function of its key: images in all, done, failed, and without file or feature. */
    progress(dataset: number): (key: StreamKey) => StreamProgress {
      const total = images.get(dataset) ?? 0;
      const gone = filesGone.get(dataset) ?? 0;
      const done = perStream.all(dataset);
      const doneWithoutFile = gone === 0 ? [] : perStreamWithoutFile.all(dataset);
      const failed = failuresPerStream.all(dataset);
      const of = (counts: readonly (StreamKey & { n: number })[], key: StreamKey): number =>
        counts.find(({ stream, version }) => stream === key.stream && version === key.version)?.n ?? 0;
      return (key) => ({
        total,
        done: of(done, key),
        unavailable: gone - of(doneWithoutFile, key),
        failed: of(failed, key),
      });
    },
    importedStreams: (): ImportedStream[] =>
      imported
        .all()
        .map((s) => ({ ...s, columns: s.columns === null ? null : (JSON.parse(s.columns) as string[]) })),
    /** The version that each stream of the dataset stands for (extracted or imported last). */
    activeStreams: (dataset: number) => active.all(dataset),
    /** Name and content of every image, in label order. */
    contents: (dataset: number) => contents.all(dataset),
    /** Vectors of label positions [from, to), so that a caller can read a large dataset in slices. */
    slice: (dataset: number, key: StreamKey, from: number, to: number) =>
      (vectors.all(key.stream, key.version, dataset, from, to) as [number, Buffer][]).map(
        ([position, blob]) => ({ position, vector: floats(blob) }),
      ),
  };
}

/** Writing side of features. */
export function featureWrites(db: Db) {
  const insert = db.prepare(
    'INSERT OR REPLACE INTO features (content, stream, version, vector) VALUES (?, ?, ?, ?)',
  );
  const clearFailure = db.prepare('DELETE FROM feature_failures WHERE content = ? AND stream = ?');
  const insertFailure = db.prepare(
    'INSERT OR REPLACE INTO feature_failures (content, stream, version, error, failed_at) VALUES (?, ?, ?, ?, ?)',
  );
  const markUnreadable = db.prepare(`UPDATE images SET status = 'unreadable', reason = ? WHERE content = ?`);
  const markReadable = db.prepare(
    `UPDATE images SET status = 'ok', reason = NULL WHERE content = ? AND status = 'unreadable'`,
  );
  const activate = db.prepare(
    'INSERT OR REPLACE INTO dataset_streams (dataset_id, stream, version) VALUES (?, ?, ?)',
  );
  const insertImported = db.prepare(
    'INSERT OR REPLACE INTO imported_streams (stream, version, dimension, source, columns, imported_at) VALUES (?, ?, ?, ?, ?, ?)',
  );

  return {
    /** Stores one batch of finished vectors and failures; a failure to decode marks the image unreadable. */
    saveFeatures(key: StreamKey, done: FeatureToStore[], failed: FailureToStore[]): void {
      for (const { content, vector } of done) {
        insert.run(
          content,
          key.stream,
          key.version,
          Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        );
        if (clearFailure.run(content, key.stream).changes > 0) markReadable.run(content);
      }
      const now = new Date().toISOString();
      for (const { content, error } of failed) {
        insertFailure.run(content, key.stream, key.version, JSON.stringify(error), now);
        if (error.code === 'unreadable-image') markUnreadable.run(error.message, content);
      }
    },
    activateStream(dataset: number, key: StreamKey): void {
      activate.run(dataset, key.stream, key.version);
    },
    /** Stores somebody else's features and makes them the dataset's version of the stream. */
    importFeatures(dataset: number, stream: ImportedStream, rows: FeatureToStore[]): void {
      insertImported.run(
        stream.stream,
        stream.version,
        stream.dimension,
        stream.source,
        stream.columns === null ? null : JSON.stringify(stream.columns),
        new Date().toISOString(),
      );
      for (const { content, vector } of rows) {
        insert.run(
          content,
          stream.stream,
          stream.version,
          Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        );
      }
      activate.run(dataset, stream.stream, stream.version);
    },
  };
}

/** A blob as float32 values (copied, since SQLite's buffers need not be aligned). */
function floats(blob: Buffer): Float32Array {
  const copy = new Uint8Array(blob.byteLength);
  copy.set(blob);
  return new Float32Array(copy.buffer);
}

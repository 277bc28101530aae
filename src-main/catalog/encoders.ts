import type { Provider } from '../../src-shared/encoders.ts';
import type { Db } from './open.ts';

/** A file of a model with its enforced hash; `path` as the manifest or the graph names it. */
export type ModelFile = { path: string; bytes: number; sha256: string };

/** What is known of an encoder's model on this machine. */
export type StoredModel = {
  encoder: string;
  source: { local: string } | { commit: string };
  /** Empty before the first check. */
  files: ModelFile[];
  /** Sizes and times of the files at the last check (streams/vision/model-files.ts). */
  stamp: string;
  problem: string | null;
  provider: Provider | null;
};

/** A vision stream that was computed here. */
export type StoredVisionStream = { stream: string; version: string; title: string; dimension: number };

type ModelRow = Omit<StoredModel, 'source' | 'files'> & { source: string; files: string };

/** Reading side of encoders. */
export function encoderReads(db: Db) {
  const models = db.prepare<[], ModelRow>('SELECT * FROM encoder_models ORDER BY encoder');
  const model = db.prepare<[string], ModelRow>('SELECT * FROM encoder_models WHERE encoder = ?');
  const streams = db.prepare<[], StoredVisionStream>(
    'SELECT stream, version, title, dimension FROM vision_streams ORDER BY first_used_at, stream, version',
  );
  const usage = db.prepare<[string], { datasets: number; pictures: number }>(
    `SELECT count(DISTINCT i.dataset_id) AS datasets, count(DISTINCT f.content) AS pictures
     FROM vision_streams v JOIN features f ON f.stream = v.stream AND f.version = v.version
       JOIN images i ON i.content = f.content WHERE v.stream = ?`,
  );
  return {
    models: () => models.all().map(parse),
    model(encoder: string): StoredModel | null {
      const row = model.get(encoder);
      return row === undefined ? null : parse(row);
    },
    visionStreams: () => streams.all(),
    /** How many datasets and pictures have features of this encoder, in any version. */
    usage: (encoder: string) => usage.get(encoder)!,
  };
}

/** Writing side of encoders. */
export function encoderWrites(db: Db) {
  const save = db.prepare(
    `INSERT OR REPLACE INTO encoder_models (encoder, source, files, stamp, problem, provider)
     VALUES (@encoder, @source, @files, @stamp, @problem, @provider)`,
  );
  const forget = db.prepare('DELETE FROM encoder_models WHERE encoder = ?');
  const provider = db.prepare('UPDATE encoder_models SET provider = ? WHERE encoder = ?');
  const note = db.prepare(
    `INSERT OR IGNORE INTO vision_streams (stream, version, title, dimension, first_used_at) VALUES (?, ?, ?, ?, ?)`,
  );
  return {
    saveModel(model: StoredModel): void {
      save.run({ ...model, source: JSON.stringify(model.source), files: JSON.stringify(model.files) });
    },
    forgetModel(encoder: string): void {
      forget.run(encoder);
    },
    saveProvider(encoder: string, chosen: Provider): void {
      provider.run(chosen, encoder);
    },
    noteVisionStream({ stream, version, title, dimension }: StoredVisionStream): void {
      note.run(stream, version, title, dimension, new Date().toISOString());
    },
  };
}

function parse(row: ModelRow): StoredModel {
  return {
    ...row,
    source: JSON.parse(row.source) as StoredModel['source'],
    files: JSON.parse(row.files) as ModelFile[],
  };
}

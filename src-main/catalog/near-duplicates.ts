import type { NearDuplicates } from '../../src-shared/near-duplicates.ts';
import type { RunWarning } from '../../src-shared/runs.ts';
import type { Db } from './open.ts';

/** An image on one side of a split. */
export type SplitRow = { image: number; name: string; content: string };
/** A test image with its nearest near-duplicate in training, and how many of them training has. */
export type NearDuplicateToStore = {
  part: number;
  test: number;
  train: number;
  distance: number;
  cosine: number | null;
  inTraining: number;
};
/** What a comparison of the two sides of every part of a run has found. */
export type NearDuplicateCheck = {
  /** Test images, once per part; those of them that have a fingerprint. */
  total: number;
  checked: number;
  /** The stream whose cosine confirmed the pairs; null where there was none. */
  stream: string | null;
  found: NearDuplicateToStore[];
  warning: RunWarning | null;
};

/** The code of the warning on a run. */
export const NEAR_DUPLICATES = 'near-duplicates';

type PairRow = {
  part: number;
  test: number;
  testName: string;
  testMos: number | null;
  train: number;
  trainName: string;
  trainMos: number | null;
  distance: number;
  cosine: number | null;
  inTraining: number;
};

/** Reading side of near-duplicates across splits. */
export function nearDuplicateReads(db: Db) {
  const check = db.prepare<[number], { total: number; checked: number; stream: string | null }>(
    'SELECT total, checked, stream FROM near_duplicate_checks WHERE run_id = ?',
  );
  const count = db
    .prepare<[number], number>('SELECT count(DISTINCT test_image) FROM near_duplicates WHERE run_id = ?')
    .pluck();
  const pairs = db.prepare<[number, number], PairRow>(
    `SELECT d.part, d.test_image AS test, a.name AS testName, a.mos AS testMos, d.train_image AS train, b.name AS trainName,
            b.mos AS trainMos, d.distance, d.cosine, d.in_training AS inTraining
     FROM near_duplicates d JOIN images a ON a.id = d.test_image JOIN images b ON b.id = d.train_image
     WHERE d.run_id = ? ORDER BY d.distance, d.cosine DESC, d.part, a.position LIMIT ?`,
  );

  return {
    /** What the comparison of a run has found, the closest pairs first; null where nothing was compared. */
    ofRun(run: number, limit: number): NearDuplicates | null {
      const facts = check.get(run);
      if (facts === undefined) return null;
      return {
        ...facts,
        images: count.get(run) ?? 0,
        pairs: pairs.all(run, limit).map((p) => ({
          part: p.part,
          test: { image: p.test, name: p.testName, mos: p.testMos },
          train: { image: p.train, name: p.trainName, mos: p.trainMos },
          distance: p.distance,
          cosine: p.cosine,
          inTraining: p.inTraining,
        })),
      };
    },
  };
}

/** Writing side of near-duplicates across splits. */
export function nearDuplicateWrites(db: Db) {
  const clear = db.prepare('DELETE FROM near_duplicates WHERE run_id = ?');
  const insertCheck = db.prepare(
    'INSERT OR REPLACE INTO near_duplicate_checks (run_id, total, checked, stream) VALUES (?, ?, ?, ?)',
  );
  const insert = db.prepare(
    `INSERT INTO near_duplicates (run_id, part, test_image, train_image, distance, cosine, in_training)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const warningsOf = db.prepare<[number], string>('SELECT warnings FROM runs WHERE id = ?').pluck();
  const setWarnings = db.prepare('UPDATE runs SET warnings = ? WHERE id = ?');

  return {
    /** Stores what was found on a run, instead of what may be there; its warning joins those of the run. */
    saveNearDuplicates(run: number, { total, checked, stream, found, warning }: NearDuplicateCheck): void {
      clear.run(run);
      insertCheck.run(run, total, checked, stream);
      for (const p of found) insert.run(run, p.part, p.test, p.train, p.distance, p.cosine, p.inTraining);
      const others = (JSON.parse(warningsOf.get(run) ?? '[]') as RunWarning[]).filter(
        (w) => w.code !== NEAR_DUPLICATES,
      );
      setWarnings.run(JSON.stringify(warning === null ? others : [...others, warning]), run);
    },
  };
}

import type { Db } from './open.ts';

/** The perceptual hash of one content. */
export type FingerprintToStore = { content: string; hash: Uint8Array };

/** Reading side of fingerprints. */
export function fingerprintReads(db: Db) {
  const pending = db.prepare<[number, string], { content: string; file: string; name: string }>(
    `SELECT i.content, i.file, i.name FROM images i
     WHERE i.dataset_id = ? AND i.status = 'ok' AND i.content NOT LIKE 'absent:%'
       AND NOT EXISTS (SELECT 1 FROM fingerprints f WHERE f.content = i.content AND f.version = ?)
     ORDER BY i.position`,
  );
  const one = db
    .prepare<[string, string], Buffer>('SELECT hash FROM fingerprints WHERE content = ? AND version = ?')
    .pluck();

  return {
    /** Readable images of the dataset without a fingerprint, in label order. */
    pending: (dataset: number, version: string) => pending.all(dataset, version),
    get: (content: string, version: string): Uint8Array | null => one.get(content, version) ?? null,
  };
}

/** Writing side of fingerprints. */
export function fingerprintWrites(db: Db) {
  const insert = db.prepare('INSERT OR REPLACE INTO fingerprints (content, version, hash) VALUES (?, ?, ?)');
  return {
    saveFingerprints(version: string, rows: FingerprintToStore[]): void {
      for (const { content, hash } of rows) insert.run(content, version, Buffer.from(hash));
    },
  };
}

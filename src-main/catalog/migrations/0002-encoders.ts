/** Frozen: never edit a migration that has been released; add the next number instead. */
export const sql = /* sql */ `
-- The model of an encoder as it was first used here: its hashes are enforced from then on.
CREATE TABLE encoder_models (
  encoder TEXT PRIMARY KEY,
  source TEXT NOT NULL,               -- JSON: {"local": absolute path} or {"commit": commit of the hub repository}
  files TEXT NOT NULL,                -- JSON [{path, bytes, sha256}]; [] before the first check
  stamp TEXT NOT NULL,                -- sizes and times of the files at the last check; others: not verified
  problem TEXT,                       -- what the last check found, NULL where all was well
  provider TEXT                       -- execution provider that was chosen last
) STRICT, WITHOUT ROWID;

-- Vision streams that were computed here: what an experiment must know of them when the encoder is gone.
CREATE TABLE vision_streams (
  stream TEXT NOT NULL,
  version TEXT NOT NULL,
  title TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  first_used_at TEXT NOT NULL,
  PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;
`;

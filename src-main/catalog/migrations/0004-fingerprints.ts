/** Frozen: never edit a migration that has been released; add the next number instead. */
export const sql = /* sql */ `
-- What a picture shows, in a few bits: near-duplicates are found by them. As features, they belong to a content.
CREATE TABLE fingerprints (
  content TEXT NOT NULL,
  version TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (content, version)
) STRICT, WITHOUT ROWID;

-- That the two sides of a run's splits were compared, and how.
CREATE TABLE near_duplicate_checks (
  run_id INTEGER PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,
  total INTEGER NOT NULL,             -- test images, once per part
  checked INTEGER NOT NULL,           -- of them with a fingerprint
  stream TEXT                         -- vision stream whose cosine confirmed the pairs, NULL without one
) STRICT;

-- Test images with a near-duplicate in training: the nearest one, and how many there are.
CREATE TABLE near_duplicates (
  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  part INTEGER NOT NULL,              -- the fold
  test_image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  train_image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  distance INTEGER NOT NULL,          -- bits that differ
  cosine REAL,
  in_training INTEGER NOT NULL,
  PRIMARY KEY (run_id, part, test_image)
) STRICT, WITHOUT ROWID;
CREATE INDEX near_duplicates_test ON near_duplicates (test_image);
CREATE INDEX near_duplicates_train ON near_duplicates (train_image);
`;

/** Frozen: never edit a migration that has been released; add the next number instead. */
export const sql = /* sql */ `
-- AUTOINCREMENT throughout: ids stand in URLs, caches, payloads of jobs and on command lines, and must never come again.
CREATE TABLE datasets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  format TEXT NOT NULL,
  folder TEXT NOT NULL,
  label TEXT NOT NULL,
  labels TEXT NOT NULL,               -- JSON array of label names, default first
  scale_min REAL NOT NULL,
  scale_max REAL NOT NULL,
  better TEXT NOT NULL CHECK (better IN ('higher', 'lower')),
  group_kind TEXT,
  synthetic INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  notes TEXT NOT NULL DEFAULT '[]',   -- JSON array of sentences
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE images (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dataset_id INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,          -- label-file order, from 0
  name TEXT NOT NULL,
  file TEXT NOT NULL,                 -- relative to datasets.folder, forward slashes
  content TEXT NOT NULL,              -- SHA-256 of the bytes, hex; 'absent:...' where there is no file
  status TEXT NOT NULL CHECK (status IN ('ok', 'missing', 'unreadable')),
  reason TEXT,
  width INTEGER,
  height INTEGER,
  bytes INTEGER,
  mtime_ms REAL,
  group_name TEXT,
  reference TEXT,
  distortion TEXT,
  level INTEGER,
  split TEXT,
  mos REAL,                           -- the default label's, for sorting; NULL where not rated
  std REAL,
  original TEXT NOT NULL DEFAULT '{}',
  UNIQUE (dataset_id, name)
) STRICT;
CREATE INDEX images_position ON images (dataset_id, position);
CREATE INDEX images_mos ON images (dataset_id, mos);
CREATE INDEX images_distortion ON images (dataset_id, distortion, level, position);
CREATE INDEX images_group ON images (dataset_id, group_name, position);
CREATE INDEX images_content ON images (content);

CREATE TABLE labels (
  image_id INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  mos REAL NOT NULL,
  std REAL,
  votes INTEGER,
  PRIMARY KEY (image_id, name)
) STRICT, WITHOUT ROWID;

-- A feature belongs to a content, not to a row: the same picture in two datasets is computed once.
CREATE TABLE features (
  content TEXT NOT NULL,
  stream TEXT NOT NULL,
  version TEXT NOT NULL,
  vector BLOB NOT NULL,               -- float32, little-endian
  PRIMARY KEY (content, stream, version)
) STRICT;                             -- with rowid: long blobs do not belong into an index b-tree

CREATE TABLE feature_failures (
  content TEXT NOT NULL,
  stream TEXT NOT NULL,
  version TEXT NOT NULL,
  error TEXT NOT NULL,                -- JSON ErrorShape
  failed_at TEXT NOT NULL,
  PRIMARY KEY (content, stream, version)
) STRICT, WITHOUT ROWID;

-- Streams known beyond the built-in ones: somebody else's features, with where they came from.
CREATE TABLE imported_streams (
  stream TEXT NOT NULL,
  version TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  source TEXT NOT NULL,
  columns TEXT,                       -- JSON array of column names where the file had them
  imported_at TEXT NOT NULL,
  PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;

-- Which version of a stream a dataset's experiments use: what was extracted or imported last.
CREATE TABLE dataset_streams (
  dataset_id INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
  stream TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (dataset_id, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE experiments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,                 -- JSON, complete
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  experiment_id INTEGER REFERENCES experiments(id) ON DELETE SET NULL,
  dataset_id INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
  position INTEGER NOT NULL DEFAULT 0,
  label TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('trained', 'imported')),
  spec TEXT,                          -- JSON, this run's own; NULL for imported predictions
  target_label TEXT NOT NULL,         -- which of the dataset's labels was the target
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  streams TEXT NOT NULL,              -- JSON [{stream, version, source}]
  population_n INTEGER NOT NULL,
  population_hash TEXT NOT NULL,
  folds_unit TEXT,
  folds_hash TEXT,
  folds_count INTEGER,
  metrics TEXT,                       -- JSON, RUN.metrics of the interface
  parameters INTEGER,
  seconds TEXT,
  warnings TEXT NOT NULL DEFAULT '[]',
  error TEXT,
  created_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;
CREATE INDEX runs_dataset ON runs (dataset_id);
CREATE INDEX runs_experiment ON runs (experiment_id, position);

-- A finished fold of a run: what a resumed run does not compute again.
CREATE TABLE folds (
  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  fold INTEGER NOT NULL,
  metrics TEXT NOT NULL,
  curve TEXT NOT NULL,                -- JSON [{epoch, loss, lr}]
  seconds TEXT NOT NULL,
  head BLOB NOT NULL,                 -- serialised scaler + head (fusion/head-file)
  PRIMARY KEY (run_id, fold)
) STRICT;

CREATE TABLE predictions (
  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  fold INTEGER,
  mos REAL,                           -- the target as trained on, in label units
  prediction REAL NOT NULL,
  prediction_std REAL,
  PRIMARY KEY (run_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX predictions_image ON predictions (image_id);

CREATE TABLE gates (
  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  stream TEXT NOT NULL,
  gate REAL NOT NULL,
  PRIMARY KEY (run_id, image_id, stream)
) STRICT, WITHOUT ROWID;
CREATE INDEX gates_image ON gates (image_id);

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  payload TEXT NOT NULL,              -- JSON, what the job kind needs to (re)start
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  message TEXT NOT NULL DEFAULT '',
  error TEXT,
  result TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT
) STRICT;
CREATE INDEX jobs_status ON jobs (status);

CREATE TABLE job_failures (
  job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  item TEXT NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (job_id, item)
) STRICT, WITHOUT ROWID;
`;

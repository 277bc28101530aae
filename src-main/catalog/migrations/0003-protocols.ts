/** Frozen: never edit a migration that has been released; add the next number instead. */
export const sql = /* sql */ `
-- Cross and finetune train on one dataset and test on another, which is runs.dataset_id.
ALTER TABLE runs ADD COLUMN train_dataset_id INTEGER REFERENCES datasets(id) ON DELETE SET NULL;
ALTER TABLE runs ADD COLUMN train_population_n INTEGER;
ALTER TABLE runs ADD COLUMN train_population_hash TEXT;
-- Work of training the run, in images (experiments/training-work.ts); times parameters it is what seconds are estimated from.
ALTER TABLE runs ADD COLUMN work REAL;
CREATE INDEX runs_train_dataset ON runs (train_dataset_id);

-- So far there was cross-validation only: every fold trains on the images of the others.
UPDATE runs SET work = json_extract(spec, '$.training.epochs') * population_n * (folds_count - 1.0)
  * (1 + 50.0 / json_extract(spec, '$.training.batch'))
WHERE spec IS NOT NULL AND folds_count > 1;

-- Protocol split tests an image in several repeats; predictions holds its mean once the run is evaluated.
CREATE TABLE repeat_predictions (
  run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  image_id INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  fold INTEGER NOT NULL,
  mos REAL NOT NULL,
  prediction REAL NOT NULL,
  gates TEXT NOT NULL,                -- JSON {stream: gate}
  PRIMARY KEY (run_id, image_id, fold)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeat_predictions_image ON repeat_predictions (image_id);
`;

import type { ErrorShape } from '../../src-shared/errors.ts';
import type { ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { Metrics, Run, RunStatus, RunWarning, WorstImage } from '../../src-shared/runs.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { Db } from './open.ts';

/** A run before it starts; streams carry version and provenance. */
export type RunToStore = {
  label: string;
  kind: 'trained' | 'imported';
  /** The dataset whose images are tested. */
  dataset: number;
  /** Where the run is trained on another dataset: that one, and its images; else null. */
  train: { dataset: number | null; population: { n: number; hash: string } } | null;
  spec: ExperimentSpec | null;
  targetLabel: string;
  streams: Run['streams'];
  population: { n: number; hash: string };
  folds: { unit: 'image' | 'group'; hash: string; count: number } | null;
  parameters: number | null;
  /** Work of training in images (experiments/training-work.ts); null where nothing is trained. */
  work: number | null;
  warnings: RunWarning[];
};

export type RunMetrics = NonNullable<Run['metrics']>;
export type Curve = { epoch: number; loss: number; lr: number }[];
export type Seconds = { prepare: number; train: number; predict: number };
export type PredictionToStore = {
  image: number;
  mos: number;
  prediction: number;
  std: number | null;
  /** Gate per stream; empty with static fusion. */
  gates: Record<string, number>;
};

/** One finished part of a run (a fold, a repeat, the test side) with the heads that predicted it. */
export type FoldToStore = {
  fold: number;
  /** Other parts test the same images: predictions are kept per part until the run is evaluated. */
  repeat: boolean;
  metrics: Metrics;
  curve: Curve;
  seconds: Seconds;
  head: Uint8Array;
  predictions: PredictionToStore[];
  /** What training this fold has shown; joins the run's warnings. */
  warnings: RunWarning[];
};

/** A run row with its JSON parsed. */
export type StoredRun = Omit<RunToStore, 'dataset'> & {
  id: number;
  experiment: number | null;
  dataset: number;
  status: RunStatus;
  metrics: RunMetrics | null;
  seconds: Seconds | null;
  error: ErrorShape | null;
  createdAt: string;
  finishedAt: string | null;
};

type RunRow = {
  id: number;
  experiment_id: number | null;
  dataset_id: number;
  train_dataset_id: number | null;
  train_population_n: number | null;
  train_population_hash: string | null;
  work: number | null;
  label: string;
  kind: 'trained' | 'imported';
  spec: string | null;
  target_label: string;
  status: RunStatus;
  streams: string;
  population_n: number;
  population_hash: string;
  folds_unit: 'image' | 'group' | null;
  folds_hash: string | null;
  folds_count: number | null;
  metrics: string | null;
  parameters: number | null;
  seconds: string | null;
  warnings: string;
  error: string | null;
  created_at: string;
  finished_at: string | null;
};

/** Reading side of experiments and runs. */
export function runReads(db: Db) {
  const all = db.prepare<[], RunRow>('SELECT * FROM runs ORDER BY id DESC');
  const byId = db.prepare<[number], RunRow>('SELECT * FROM runs WHERE id = ?');
  const ofExperiment = db.prepare<[number], RunRow>(
    'SELECT * FROM runs WHERE experiment_id = ? ORDER BY position, id',
  );
  const folds = db.prepare<[number], { fold: number; metrics: string; curve: string; seconds: string }>(
    'SELECT fold, metrics, curve, seconds FROM folds WHERE run_id = ? ORDER BY fold',
  );
  const heads = db.prepare<[number], { fold: number; head: Buffer }>(
    'SELECT fold, head FROM folds WHERE run_id = ? ORDER BY fold',
  );
  const predictions = db
    .prepare<
      [number],
      [
        number,
        string,
        number,
        number,
        number | null,
        number | null,
        string | null,
        number | null,
        string | null,
        number | null,
      ]
    >(
      `SELECT i.id, i.name, p.mos, p.prediction, p.prediction_std, p.fold, i.distortion, i.level, i.group_name, l.std
     FROM predictions p JOIN images i ON i.id = p.image_id JOIN runs r ON r.id = p.run_id
     LEFT JOIN labels l ON l.image_id = i.id AND l.name = r.target_label
     WHERE p.run_id = ? ORDER BY i.position`,
    )
    .raw();
  const scores = db.prepare<
    [number],
    { mos: number; prediction: number; distortion: string | null; level: number | null }
  >(
    `SELECT p.mos, p.prediction, i.distortion, i.level FROM predictions p JOIN images i ON i.id = p.image_id
     WHERE p.run_id = ?`,
  );
  const gates = db.prepare<[number], { image: number; stream: string; gate: number }>(
    'SELECT image_id AS image, stream, gate FROM gates WHERE run_id = ? ORDER BY image_id, stream',
  );
  const repeats = db.prepare<
    [number],
    { image: number; group: string | null; mos: number; prediction: number; gates: string }
  >(
    `SELECT p.image_id AS image, i.group_name AS "group", p.mos, p.prediction, p.gates FROM repeat_predictions p
     JOIN images i ON i.id = p.image_id WHERE p.run_id = ? ORDER BY i.position, p.fold`,
  );
  const worst = db.prepare<[number, number], Omit<WorstImage, 'residual'>>(
    `SELECT i.id AS image, i.name, p.mos, p.prediction, i.distortion, i.level, p.fold FROM predictions p
     JOIN images i ON i.id = p.image_id WHERE p.run_id = ? ORDER BY abs(p.prediction - p.mos) DESC LIMIT ?`,
  );
  const experiment = db.prepare<[number], { id: number; name: string; spec: string }>(
    'SELECT id, name, spec FROM experiments WHERE id = ?',
  );

  return {
    list: () => all.all().map(parse),
    get(id: number): StoredRun {
      const row = byId.get(id);
      if (row === undefined)
        throw new StudioError('not-found', `There is no run ${id}`, { hint: 'List the runs: studio runs.' });
      return parse(row);
    },
    ofExperiment: (id: number) => ofExperiment.all(id).map(parse),
    folds: (run: number) =>
      folds.all(run).map((f) => ({
        fold: f.fold,
        metrics: JSON.parse(f.metrics) as Metrics,
        curve: JSON.parse(f.curve) as Curve,
        seconds: JSON.parse(f.seconds) as Seconds,
      })),
    heads: (run: number) => heads.all(run),
    /** Per-image results in label order. */
    predictions: (run: number) =>
      (predictions.all(run) as unknown as Parameters<typeof toPrediction>[0][]).map(toPrediction),
    /** What figures per distortion and level need of the predictions, in no order: a third of the time of `predictions`. */
    scores: (run: number) => scores.all(run),
    gates: (run: number) => gates.all(run),
    /** Predictions of every repeat, in label order and within an image in the order of repeats. */
    repeats: (run: number) =>
      repeats.all(run).map((row) => ({ ...row, gates: JSON.parse(row.gates) as Record<string, number> })),
    worst: (run: number, limit: number): WorstImage[] =>
      worst.all(run, limit).map((w) => ({ ...w, residual: w.prediction - w.mos })),
    experiment(id: number) {
      const row = experiment.get(id);
      if (row === undefined) throw new StudioError('not-found', `There is no experiment ${id}`);
      return { id: row.id, name: row.name, spec: JSON.parse(row.spec) as ExperimentSpec };
    },
  };
}

/** Per-image result of a run. */
export type StoredPrediction = ReturnType<typeof toPrediction>;

function toPrediction(
  row: [
    number,
    string,
    number,
    number,
    number | null,
    number | null,
    string | null,
    number | null,
    string | null,
    number | null,
  ],
) {
  const [image, name, mos, prediction, predictionStd, fold, distortion, level, group, mosStd] = row;
  return { image, name, mos, mosStd, prediction, predictionStd, fold, distortion, level, group };
}

function parse(row: RunRow): StoredRun {
  return {
    id: row.id,
    experiment: row.experiment_id,
    dataset: row.dataset_id,
    train:
      row.train_population_n === null
        ? null
        : {
            dataset: row.train_dataset_id,
            population: { n: row.train_population_n, hash: row.train_population_hash ?? '' },
          },
    work: row.work,
    label: row.label,
    kind: row.kind,
    spec: row.spec === null ? null : (JSON.parse(row.spec) as ExperimentSpec),
    targetLabel: row.target_label,
    status: row.status,
    streams: JSON.parse(row.streams) as Run['streams'],
    population: { n: row.population_n, hash: row.population_hash },
    folds:
      row.folds_unit === null
        ? null
        : { unit: row.folds_unit, hash: row.folds_hash ?? '', count: row.folds_count ?? 0 },
    metrics: row.metrics === null ? null : (JSON.parse(row.metrics) as RunMetrics),
    parameters: row.parameters,
    seconds: row.seconds === null ? null : (JSON.parse(row.seconds) as Seconds),
    warnings: JSON.parse(row.warnings) as RunWarning[],
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorShape),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

/** Writing side of experiments and runs. */
export function runWrites(db: Db) {
  const insertExperiment = db.prepare('INSERT INTO experiments (name, spec, created_at) VALUES (?, ?, ?)');
  const insertRun = db.prepare(
    `INSERT INTO runs (experiment_id, dataset_id, position, label, kind, spec, target_label, status, streams, population_n, population_hash,
       folds_unit, folds_hash, folds_count, parameters, warnings, created_at,
       train_dataset_id, train_population_n, train_population_hash, work)
     VALUES (@experiment, @dataset, @position, @label, @kind, @spec, @targetLabel, 'queued', @streams, @n, @hash, @unit, @foldsHash, @foldsCount,
       @parameters, @warnings, @now, @trainDataset, @trainN, @trainHash, @work)`,
  );
  const setStatus = db.prepare('UPDATE runs SET status = ?, error = ? WHERE id = ?');
  const insertFold = db.prepare(
    'INSERT OR REPLACE INTO folds (run_id, fold, metrics, curve, seconds, head) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertPrediction = db.prepare(
    'INSERT OR REPLACE INTO predictions (run_id, image_id, fold, mos, prediction, prediction_std) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertGate = db.prepare(
    'INSERT OR REPLACE INTO gates (run_id, image_id, stream, gate) VALUES (?, ?, ?, ?)',
  );
  const insertRepeat = db.prepare(
    'INSERT OR REPLACE INTO repeat_predictions (run_id, image_id, fold, mos, prediction, gates) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const warningsOf = db.prepare<[number], string>('SELECT warnings FROM runs WHERE id = ?').pluck();
  const setWarnings = db.prepare('UPDATE runs SET warnings = ? WHERE id = ?');
  const finish = db.prepare(
    `UPDATE runs SET status = 'done', metrics = ?, seconds = ?, error = NULL, finished_at = ? WHERE id = ?`,
  );
  const rename = db.prepare('UPDATE runs SET label = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM runs WHERE id = ?');

  function storeRun(run: RunToStore, experiment: number | null, position: number): number {
    return Number(
      insertRun.run({
        experiment,
        dataset: run.dataset,
        position,
        label: run.label,
        kind: run.kind,
        spec: run.spec === null ? null : JSON.stringify(run.spec),
        targetLabel: run.targetLabel,
        streams: JSON.stringify(run.streams),
        n: run.population.n,
        hash: run.population.hash,
        unit: run.folds?.unit ?? null,
        foldsHash: run.folds?.hash ?? null,
        foldsCount: run.folds?.count ?? null,
        parameters: run.parameters,
        trainDataset: run.train?.dataset ?? null,
        trainN: run.train?.population.n ?? null,
        trainHash: run.train?.population.hash ?? null,
        work: run.work,
        warnings: JSON.stringify(run.warnings),
        now: new Date().toISOString(),
      }).lastInsertRowid,
    );
  }

  function storePrediction(run: number, fold: number | null, p: PredictionToStore): void {
    insertPrediction.run(run, p.image, fold, p.mos, p.prediction, p.std);
    for (const [stream, gate] of Object.entries(p.gates)) insertGate.run(run, p.image, stream, gate);
  }

  return {
    /** Stores an experiment with all its runs, queued. */
    createExperiment(spec: ExperimentSpec, runs: RunToStore[]): { experiment: number; runs: number[] } {
      const now = new Date().toISOString();
      const experiment = Number(insertExperiment.run(spec.name, JSON.stringify(spec), now).lastInsertRowid);
      return { experiment, runs: runs.map((run, position) => storeRun(run, experiment, position)) };
    },
    /** Stores another model's predictions as a finished run. */
    importRun(run: RunToStore, predictions: PredictionToStore[], metrics: RunMetrics): number {
      const id = storeRun(run, null, 0);
      for (const p of predictions) storePrediction(id, null, p);
      finish.run(
        JSON.stringify(metrics),
        JSON.stringify({ prepare: 0, train: 0, predict: 0 }),
        new Date().toISOString(),
        id,
      );
      return id;
    },
    setRunStatus(id: number, status: RunStatus, error: ErrorShape | null): void {
      setStatus.run(status, error === null ? null : JSON.stringify(error), id);
    },
    /** One finished fold: head, metrics and predictions in one transaction, so that a crash leaves whole folds only. */
    saveFold(run: number, fold: FoldToStore): void {
      insertFold.run(
        run,
        fold.fold,
        JSON.stringify(fold.metrics),
        JSON.stringify(fold.curve),
        JSON.stringify(fold.seconds),
        Buffer.from(fold.head),
      );
      for (const p of fold.predictions) {
        if (fold.repeat)
          insertRepeat.run(run, p.image, fold.fold, p.mos, p.prediction, JSON.stringify(p.gates));
        else storePrediction(run, fold.fold, p);
      }
      if (fold.warnings.length === 0) return;
      const known = JSON.parse(warningsOf.get(run) ?? '[]') as RunWarning[];
      const added = fold.warnings.filter((w) => !known.some((k) => k.message === w.message));
      setWarnings.run(JSON.stringify([...known, ...added]), run);
    },
    /** The run's metrics, and its predictions where they are known only now (repeats). */
    finishRun(
      id: number,
      metrics: RunMetrics,
      seconds: Seconds,
      predictions: readonly PredictionToStore[] = [],
    ): void {
      for (const p of predictions) storePrediction(id, null, p);
      finish.run(JSON.stringify(metrics), JSON.stringify(seconds), new Date().toISOString(), id);
    },
    renameRun(id: number, label: string): void {
      rename.run(label, id);
    },
    deleteRun(id: number): void {
      remove.run(id);
    },
  };
}

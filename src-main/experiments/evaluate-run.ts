/** Metrics of predictions, and of a stored run whose folds are all done. */
import type { CatalogReader } from '../catalog/reader.ts';
import type { RunMetrics, Seconds } from '../catalog/runs.ts';
import { bootstrapIntervals } from '../evaluation/bootstrap.ts';
import { foldTable } from '../evaluation/breakdown.ts';
import { metrics } from '../evaluation/metrics.ts';

const BOOTSTRAP_SEED = 42;

/** Overall metrics with percentile bootstrap intervals (by group where there are groups), and per fold. */
export async function evaluatePredictions(
  prediction: Float64Array,
  target: Float64Array,
  folds: Int32Array[] | null,
  groups: string[] | null,
): Promise<RunMetrics> {
  const table = folds === null ? null : foldTable(prediction, target, folds);
  return {
    overall: metrics(prediction, target),
    ci95: await bootstrapIntervals(prediction, target, {
      seed: BOOTSTRAP_SEED,
      ...(groups === null ? {} : { groups }),
    }),
    folds: table?.folds ?? null,
    mean: table?.mean ?? null,
    std: table?.std ?? null,
  };
}

/** The metrics over the out-of-fold predictions that the catalog holds, and the seconds of all folds. */
export async function evaluateRun(
  reader: CatalogReader,
  run: number,
): Promise<{ metrics: RunMetrics; seconds: Seconds }> {
  const rows = reader.runs.predictions(run);
  const stored = reader.runs.folds(run);
  const folds = stored.map(({ fold }) =>
    Int32Array.from(rows.flatMap((row, i) => (row.fold === fold ? [i] : []))),
  );
  const seconds: Seconds = { prepare: 0, train: 0, predict: 0 };
  for (const part of ['prepare', 'train', 'predict'] as const)
    for (const fold of stored) seconds[part] += fold.seconds[part];
  const result = await evaluatePredictions(
    Float64Array.from(rows, (row) => row.prediction),
    Float64Array.from(rows, (row) => row.mos),
    folds,
    rows.every((row) => row.group !== null) ? rows.map((row) => row.group!) : null,
  );
  return { metrics: result, seconds };
}

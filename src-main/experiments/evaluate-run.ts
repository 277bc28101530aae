/** Metrics of predictions, and of a stored run whose parts are all done. */
import type { Metrics } from '../../src-shared/runs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { PredictionToStore, RunMetrics, Seconds } from '../catalog/runs.ts';
import { bootstrapIntervals } from '../evaluation/bootstrap.ts';
import { medianAndQuartiles, summariseFolds } from '../evaluation/breakdown.ts';
import { metrics } from '../evaluation/metrics.ts';

const BOOTSTRAP_SEED = 42;

/** Overall metrics with percentile bootstrap intervals (by group where there are groups). */
export async function evaluatePredictions(
  prediction: Float64Array,
  target: Float64Array,
  groups: string[] | null,
): Promise<RunMetrics> {
  return {
    overall: metrics(prediction, target),
    ci95: await bootstrapIntervals(prediction, target, {
      seed: BOOTSTRAP_SEED,
      ...(groups === null ? {} : { groups }),
    }),
    folds: null,
    mean: null,
    std: null,
  };
}

/**
 * The metrics over all tested images, of each part where there are several, and the seconds of all parts. Images that random splits
 * test in several repeats count once, with the mean of their predictions, which `predictions` holds.
 */
export async function evaluateRun(
  reader: CatalogReader,
  run: number,
): Promise<{ metrics: RunMetrics; seconds: Seconds; predictions: PredictionToStore[] }> {
  const parts = reader.runs.folds(run);
  const repeats = reader.runs.repeats(run);
  const averaged = averageRepeats(repeats);
  const rows: readonly { prediction: number; mos: number; group: string | null }[] =
    repeats.length === 0 ? reader.runs.predictions(run) : averaged;
  const overall = await evaluatePredictions(
    Float64Array.from(rows, (row) => row.prediction),
    Float64Array.from(rows, (row) => row.mos),
    rows.every((row) => row.group !== null) ? rows.map((row) => row.group!) : null,
  );
  return {
    metrics: {
      ...overall,
      ...perPart(
        parts.map((part) => part.metrics),
        repeats.length > 0,
      ),
    },
    seconds: secondsOf(parts),
    predictions: averaged,
  };
}

/** The metrics of the parts and their statistics; nothing where there is one part only. */
function perPart(folds: Metrics[], areRepeats: boolean): Partial<RunMetrics> {
  if (folds.length < 2) return {};
  return { folds, ...summariseFolds(folds), ...(areRepeats ? medianAndQuartiles(folds) : {}) };
}

type Repeat = ReturnType<CatalogReader['runs']['repeats']>[number];
type Averaged = PredictionToStore & { group: string | null };

/** Each image once: mean over its repeats, with their standard deviation (divisor: their number; null for a single one). */
function averageRepeats(repeats: readonly Repeat[]): Averaged[] {
  return [...Map.groupBy(repeats, (row) => row.image).values()].map((rows) => {
    const { image, group, mos, gates } = rows[0]!;
    const mean = (of: (row: Repeat) => number): number =>
      rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    const prediction = mean((row) => row.prediction);
    const std = rows.length === 1 ? null : Math.sqrt(mean((row) => (row.prediction - prediction) ** 2));
    const meanGates = Object.keys(gates).map((id) => [id, mean((row) => row.gates[id]!)] as const);
    return { image, group, mos, prediction, std, gates: Object.fromEntries(meanGates) };
  });
}

function secondsOf(parts: readonly { seconds: Seconds }[]): Seconds {
  const sum = (of: (seconds: Seconds) => number): number =>
    parts.reduce((total, { seconds }) => total + of(seconds), 0);
  return {
    prepare: sum((s) => s.prepare),
    train: sum((s) => s.train),
    predict: sum((s) => s.predict),
  };
}

/** Runs and their results, in the shape of spec/interfaces.md (RUN and M). */
import type { ErrorShape } from './errors.ts';
import type { Scale } from './dataset.ts';
import type { ExperimentSpec } from './experiment-spec.ts';

/** M of the interface. A metric is null where it is undefined (n < 2, a constant side). */
export type Metrics = {
  n: number;
  srocc: number | null;
  plcc: number | null;
  krocc: number | null;
  rmse: number | null;
};
export type MetricName = 'srocc' | 'plcc' | 'krocc' | 'rmse';
export type Interval = [number, number];
export type Intervals = Partial<Record<MetricName, Interval>>;

export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** A warning with a stable code, e.g. `leakage`. */
export type RunWarning = { code: string; message: string };

/** RUN of the interface, plus what lists and pages need. */
export type Run = {
  run: number;
  experiment: number | null;
  label: string;
  preset: 'studio' | 'paper' | null;
  kind: 'trained' | 'imported';
  status: RunStatus;
  /** The dataset that is tested. */
  dataset: { id: number; name: string; synthetic: boolean; scale: Scale };
  /** Where the run was trained on another dataset: that one (id null: deleted since) and its images; else null. */
  train: { id: number | null; name: string; population: { n: number; hash: string } } | null;
  streams: { stream: string; version: string; source: string }[];
  protocol: string;
  population: { n: number; hash: string };
  folds: { unit: 'image' | 'group'; hash: string; count: number } | null;
  /** Name of each part in the order of `metrics.folds`: "fold 1", ..., "repeat 1", ... or "test". */
  parts: string[];
  metrics: {
    overall: Metrics;
    ci95: Intervals;
    folds: Metrics[] | null;
    mean: Omit<Metrics, 'n'> | null;
    std: Omit<Metrics, 'n'> | null;
    /** Over the repeats of random splits, else absent. */
    median?: Omit<Metrics, 'n'>;
    quartiles?: { lower: Omit<Metrics, 'n'>; upper: Omit<Metrics, 'n'> };
  } | null;
  parameters: number | null;
  seconds: { prepare: number; train: number; predict: number } | null;
  warnings: RunWarning[];
  error: ErrorShape | null;
  createdAt: string;
  finishedAt: string | null;
};

/** Everything of the Run page but the per-image arrays. */
export type RunDetail = Run & {
  spec: ExperimentSpec | null;
  /** The experiment's other runs, for switching. */
  siblings: { run: number; label: string }[];
  /** Per distortion type where the dataset has types, in type order. */
  perDistortion: { type: string; name: string; n: number; srocc: number | null }[];
  perLevel: { level: number; n: number; srocc: number | null }[];
  curves: { fold: number; epochs: { epoch: number; loss: number; lr: number }[] }[];
  /** e.g. "run 3 · 5-fold cv by image · folds 1f0c… · population 9ab2… (n = 1200)" for under every chart. */
  provenance: string;
  /** Same experiment with the group unit, ready to run, where a leakage warning applies. */
  groupLevelSpec: ExperimentSpec | null;
};

/** Per-image results as columns (n values each), for scatter and histogram. */
export type RunPredictions = {
  run: number;
  image: number[];
  name: string[];
  mos: number[];
  prediction: number[];
  fold: (number | null)[];
  distortion: (string | null)[];
};

/** An image with a large error, worst first. */
export type WorstImage = {
  image: number;
  name: string;
  mos: number;
  prediction: number;
  residual: number;
  distortion: string | null;
  level: number | null;
  fold: number | null;
};

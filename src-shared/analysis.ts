/** Comparisons and explanations of runs, as the API and the window speak of them (paper, sections 3.3 and 4.5-4.7). */
import type { Interval, Run } from './runs.ts';

/** A run that can be compared: its figures, what its gates are computed from, what it was trained on. */
export type ComparableRun = Run & {
  /** Stream that the gates are computed from; null with static fusion and for imported predictions. */
  gate: string | null;
  /** Name of the dataset it was trained on, be it the tested one or another; null for imported predictions. */
  trainedOn: string | null;
  /** Kind of its protocol as the spec names it; null for imported predictions. */
  protocolKind: string | null;
  /** Distortion types among the images of its dataset. */
  distortions: number;
};

/** Which images a comparison is over, and in a sentence why those. */
export type SharedImages = {
  /** 'same': same population and folds. 'shared': only the images that all of the runs predicted. */
  basis: 'same' | 'shared';
  n: number;
  note: string;
};

/** A metric of two runs on the same images. */
export type PairedMetric = {
  run: number;
  baseline: number;
  /** run - baseline. */
  difference: number;
  /** 95 % percentile interval of the difference. */
  interval: Interval;
  /** Share of the resamples in which the difference is below 0. */
  below: number;
};

/** Paired bootstrap of two runs. A metric is null where it is undefined for one of them. */
export type PairedComparison = {
  run: number;
  baseline: number;
  images: SharedImages;
  /** What was drawn, and how many of them there are. */
  unit: 'image' | 'group';
  units: number;
  resamples: number;
  srocc: PairedMetric | null;
  plcc: PairedMetric | null;
};

/** A Spearman rank correlation with its two-sided p-value (t approximation, as scipy.stats.spearmanr). */
export type Correlation = { rho: number; p: number | null; n: number };

/** SROCC within one distortion type with and without something, on the same images. */
export type DistortionDelta = {
  type: string;
  name: string;
  /** Family of the type (blur, noise...); null where it is not one of KADID-10k's. */
  category: string | null;
  n: number;
  with: number | null;
  without: number | null;
  /** with - without; null where one of them is undefined. */
  delta: number | null;
};
/** Figure 3: per distortion, what a run gains over another. */
export type DeltaAnalysis = {
  with: number;
  without: number;
  images: SharedImages;
  rows: DistortionDelta[];
};

/** Mean gates of a set of images, in the order of GateAnalysis.streams. */
export type MeanGates = { n: number; mean: number[] };
/** The gates of a run: overall, per distortion type, per level, and per both. `streams` is empty for a run without gates. */
export type GateAnalysis = {
  run: number;
  /** Stream that the gates are computed from, where it is known. */
  input: string | null;
  streams: string[];
  overall: MeanGates & { std: number[] };
  types: (MeanGates & { type: string; name: string; category: string | null })[];
  levels: (MeanGates & { level: number })[];
  cells: (MeanGates & { type: string; level: number })[];
};

/** The gates of every image as columns, in label order. `gates[s][i]` belongs to `streams[s]` and `image[i]`. */
export type ImageGates = {
  run: number;
  streams: string[];
  image: number[];
  name: string[];
  gates: number[][];
};

/** Figure 4: mean gate of a stream beside the delta of each distortion type. */
export type GateDelta = {
  run: number;
  stream: string;
  correlation: Correlation | null;
  rows: (DistortionDelta & { gate: number })[];
};

/** Figure 5: one candidate for the gates' input. */
export type GateInputRow = {
  run: number;
  label: string;
  input: string | null;
  srocc: number | null;
  /** Spread of the type means of the gate: 0 says that the gate does not tell distortions apart, null that there are none. */
  spread: number | null;
  correlation: Correlation | null;
};

/** Errors against something that says how sure one is, in bins of equally many images. */
export type SpreadAnalysis = {
  correlation: Correlation | null;
  bins: { n: number; from: number; to: number; spread: number; error: number }[];
};
/** |residual| against the model's uncertainty and against the raters' spread; null where the run or dataset has none. */
export type ErrorAnalysis = {
  run: number;
  uncertainty: SpreadAnalysis | null;
  raters: SpreadAnalysis | null;
};

/** PLCC after a 4-parameter logistic was fitted from predictions to scores: beside PLCC, never in its place. */
export type LogisticPlcc = {
  run: number;
  plcc: number | null;
  /** upper and lower asymptote, midpoint and width of the curve; null where it could not be fitted. */
  parameters: { upper: number; lower: number; midpoint: number; width: number } | null;
};

/** A run's figure in the cross-dataset matrix. */
export type MatrixEntry = { run: number; srocc: number; interval: Interval | null; protocol: string };
/** Every model against every dataset; a cell holds the newest run of each protocol, newest first, or none. */
export type CrossMatrix = {
  datasets: { id: number; name: string; synthetic: boolean }[];
  rows: { model: string; train: string | null; cells: MatrixEntry[][] }[];
};

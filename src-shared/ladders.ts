/** Distortion ladders: one reference, one distortion type, rising levels; and what a run makes of them. */
import type { Scale } from './dataset.ts';

/** Pictures of a folder that a ladder could be made from; `rawBytes` is their size as 8-bit RGB, estimated from a sample. */
export type LadderFolder = { pictures: number; rawBytes: number; freeBytes: number };

/** Measured on Kodak: PNG bytes per raw byte, all types and levels together; the busiest picture has .63. */
const PNG_SHARE = 0.66;

/** Bytes on the disk of a ladder with `rungs` distorted versions (types x levels) beside every pristine picture. */
export function ladderBytes(rawBytes: number, rungs: number): number {
  return rawBytes * (rungs + 1) * PNG_SHARE;
}

/** Outcome of a `ladder` job. */
export type LadderResult = {
  dataset: number;
  name: string;
  folder: string;
  references: number;
  /** Distorted pictures; the pristine ones (level 0) are as many as there are references. */
  images: number;
  seconds: number;
};

/** Mean and population standard deviation of the score at one level, and the mean gate per stream (empty: static fusion). */
export type LadderLevel = {
  level: number;
  n: number;
  mean: number;
  std: number;
  gates: Record<string, number>;
};

/**
 * How far scores get worse with the level. `pairs` are neighbouring levels of one ladder, `rightShare` the share of them
 * where the higher level is scored worse (a tie counts half). `srocc` and `krocc` are means over the ladders of the rank
 * correlation between level and badness: 1 where every step is down. Null where there is nothing to compare.
 */
export type Monotonicity = {
  ladders: number;
  pairs: number;
  rightShare: number | null;
  srocc: number | null;
  krocc: number | null;
};

/** All ladders of one distortion type. `worsens` is false for types whose levels are not ordered by severity (18, 25). */
export type LadderType = Monotonicity & {
  type: string;
  name: string;
  group: string;
  worsens: boolean;
  levels: LadderLevel[];
};

/** One ladder that goes wrong: its images and scores from the lowest level on. */
export type WorstLadder = {
  reference: string;
  type: string;
  name: string;
  rightShare: number;
  srocc: number | null;
  levels: number[];
  scores: number[];
  images: number[];
};

/** Outcome of a `ladder-check` job. Scores are in the units of the run's dataset. */
export type LadderCheck = {
  run: { id: number; label: string };
  dataset: { id: number; name: string };
  /** The run's own cross-validated predictions (its own dataset), or its heads' mean on pictures it never saw. */
  source: 'out-of-fold' | 'heads';
  scale: Scale;
  images: number;
  streams: string[];
  /** Scores of the pristine references, where the dataset has them as level 0. */
  pristine: LadderLevel | null;
  types: LadderType[];
  /** Over all types that worsen with the level. */
  overall: Monotonicity;
  /** The worst first; at most 40, none that is perfect. */
  worst: WorstLadder[];
};

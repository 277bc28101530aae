/** What the engine and a compute process say to each other (child-process IPC with typed arrays). */
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { NearDuplicateCheck } from '../catalog/near-duplicates.ts';
import type { FoldToStore, PredictionToStore, RunMetrics, Seconds } from '../catalog/runs.ts';
import type { AveragedOutput } from '../fusion/average-heads.ts';
import type { HeadOutput } from '../fusion/predict.ts';
import type { ExportedRun } from './export-run.ts';
import type { ModelToRun } from './run-model.ts';
import type { PartProgress } from './train-fold.ts';

/** Feature matrix of one stream: rows x dimension, row-major float32. */
export type StreamMatrix = { id: string; dimension: number; data: Float32Array };

export type ComputeTask =
  /** Train one part (fold, repeat) of a stored run. Tasks of the same one, one after the other, share its preprocessing. */
  | { kind: 'fold'; catalog: string; run: number; fold: number }
  /** Evaluate a stored run whose folds are all in the catalog. */
  | { kind: 'evaluate-run'; catalog: string; run: number }
  /** Evaluate predictions that come from elsewhere. */
  | { kind: 'evaluate'; prediction: Float64Array; target: Float64Array; groups: string[] | null }
  /** Predict with the head files of a run: n predictions and gates per head, in label units. */
  | { kind: 'predict'; heads: Uint8Array[]; streams: StreamMatrix[]; n: number }
  /** Predict with an exported model: mean, deviation and gates over its heads, which are inside. */
  | { kind: 'predict-model'; model: ModelToRun; streams: StreamMatrix[]; n: number }
  /** The model of a finished run as one ONNX file. */
  | { kind: 'export'; catalog: string; run: number };

/** Every task ends with `done` or `failed`; then the process takes the next one. */
export type ComputeMessage =
  | ({ type: 'epoch'; fold: number } & PartProgress)
  | { type: 'fold'; fold: FoldToStore }
  /** `predictions`: those that are known only with all parts, of images tested in several of them. */
  | { type: 'evaluated'; metrics: RunMetrics; seconds: Seconds; predictions: PredictionToStore[] }
  /** Before `evaluated` of a stored run: what its two sides have in common. */
  | { type: 'near-duplicates'; check: NearDuplicateCheck }
  | { type: 'predicted'; perHead: HeadOutput[] }
  | { type: 'scored'; scores: AveragedOutput }
  | { type: 'exported'; exported: ExportedRun }
  | { type: 'done' }
  | { type: 'failed'; error: ErrorShape };

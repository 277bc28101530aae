/** What the engine and its compute process say to each other (child-process IPC with typed arrays). */
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { HeadOutput } from '../fusion/predict.ts';
import type { FoldToStore, RunMetrics, Seconds } from '../catalog/runs.ts';

/** Feature matrix of one stream: rows x dimension, row-major float32. */
export type StreamMatrix = { id: string; dimension: number; data: Float32Array };

export type ComputeTask =
  /** Train the folds of a stored run that the catalog does not hold yet, then evaluate the whole run. */
  | { kind: 'run'; catalog: string; run: number }
  /** Evaluate predictions that come from elsewhere. */
  | { kind: 'evaluate'; prediction: Float64Array; target: Float64Array; groups: string[] | null }
  /** Predict with the heads of a run: n predictions and gates per head. */
  | { kind: 'predict'; heads: Uint8Array[]; streams: StreamMatrix[]; n: number };

export type ComputeMessage =
  | { type: 'epoch'; fold: number; epoch: number; epochs: number; loss: number; lr: number }
  | { type: 'stage'; message: string }
  | { type: 'fold'; fold: FoldToStore }
  | { type: 'evaluated'; metrics: RunMetrics; seconds: Seconds }
  | { type: 'predicted'; perHead: HeadOutput[] }
  | { type: 'failed'; error: ErrorShape };

/** What the engine and a compute process say to each other (child-process IPC with typed arrays). */
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { NearDuplicateCheck } from '../catalog/near-duplicates.ts';
import type { FoldToStore, RunMetrics, Seconds } from '../catalog/runs.ts';
import type { HeadOutput } from '../fusion/predict.ts';

/** Feature matrix of one stream: rows x dimension, row-major float32. */
export type StreamMatrix = { id: string; dimension: number; data: Float32Array };

export type ComputeTask =
  /** Train one fold of a stored run. Tasks of the same fold, one after the other, share its preprocessing. */
  | { kind: 'fold'; catalog: string; run: number; fold: number }
  /** Evaluate a stored run whose folds are all in the catalog. */
  | { kind: 'evaluate-run'; catalog: string; run: number }
  /** Evaluate predictions that come from elsewhere. */
  | { kind: 'evaluate'; prediction: Float64Array; target: Float64Array; groups: string[] | null }
  /** Predict with the heads of a run: n predictions and gates per head, in label units. */
  | { kind: 'predict'; heads: Uint8Array[]; streams: StreamMatrix[]; n: number };

/** Every task ends with `done` or `failed`; then the process takes the next one. */
export type ComputeMessage =
  | { type: 'epoch'; fold: number; epoch: number; epochs: number; loss: number; lr: number }
  | { type: 'fold'; fold: FoldToStore }
  | { type: 'evaluated'; metrics: RunMetrics; seconds: Seconds }
  /** Before `evaluated` of a stored run: what its two sides have in common. */
  | { type: 'near-duplicates'; check: NearDuplicateCheck }
  | { type: 'predicted'; perHead: HeadOutput[] }
  | { type: 'done' }
  | { type: 'failed'; error: ErrorShape };

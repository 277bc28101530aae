/**
 * Running a graph in ONNX Runtime. The module itself is passed in by the caller, because it is loaded in child
 * processes only (docs/architecture.md); here are its types.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** What is used of `onnxruntime-node`. */
export type Ort = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'Tensor' | 'env'>;
export type { InferenceSession as Session, Tensor as OrtTensor };

/** A CPU session of a model; `threads` is the number of threads of one run. Release it after use. */
export function createSession(ort: Ort, model: Uint8Array, threads: number): Promise<InferenceSession> {
  return ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
}

/** A float32 tensor over `data` without a copy: ONNX Runtime reads, or as an output writes, that memory. */
export function floatTensor(ort: Ort, data: Float32Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, shape);
}

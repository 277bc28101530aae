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

/** A session per model, all of them or, where one can not be made, none. */
export async function createSessions(
  ort: Ort,
  models: readonly Uint8Array[],
  threads: number,
): Promise<InferenceSession[]> {
  const sessions: InferenceSession[] = [];
  try {
    for (const model of models) sessions.push(await createSession(ort, model, threads));
    return sessions;
  } catch (error) {
    await releaseSessions(sessions);
    throw error;
  }
}

/** Frees all of them, also where one can not be freed. */
export async function releaseSessions(sessions: readonly InferenceSession[]): Promise<void> {
  await Promise.allSettled(sessions.map((session) => session.release()));
}

/**
 * Runs a session whose outputs all have their memory. onnxruntime-node copies them into new buffers besides; these are given back at
 * once, because as garbage (1.9 MB a training step) they cost a third of the step: page faults, and marking on every core.
 */
export async function runInto(
  session: InferenceSession,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const copies = await session.run(inputs, outputs);
  for (const { data } of Object.values(copies)) {
    if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) data.buffer.transfer(0);
  }
}

/** A float32 tensor over `data` without a copy: ONNX Runtime reads, or as an output writes, that memory. */
export function floatTensor(ort: Ort, data: Float32Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, shape);
}

/** The same for float64. */
export function doubleTensor(ort: Ort, data: Float64Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('float64', data, shape);
}

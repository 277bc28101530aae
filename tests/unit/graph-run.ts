import * as ort from 'onnxruntime-node';
import { writeOnnx } from '../../src-main/graph/onnx-writer.ts';
import { createSession, floatTensor } from '../../src-main/graph/runtime.ts';
import type { Tensor } from '../../src-main/graph/tensor.ts';

/** Values fed to an input, with the lengths of its axes at run time. */
export type Feed = { values: Float32Array; shape: readonly number[] };
export type Feeds = Record<string, Feed>;
/** Runs a compiled graph; gives the values of each output. */
export type CompiledGraph = (feeds: Feeds) => Promise<Record<string, Float32Array>>;

/** Compiles a graph for ONNX Runtime. */
export async function compileGraph(outputs: Record<string, Tensor>): Promise<CompiledGraph> {
  const session = await createSession(ort, writeOnnx(outputs), 1);
  return async (feeds) => {
    const tensors = session.inputNames.map((name) => {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`no values for the input ${name}`);
      return [name, floatTensor(ort, feed.values, feed.shape)] as const;
    });
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]),
    );
  };
}

/** max|a - b| / max|b|, the measure of spec issue 2; 0 where both are all zero. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  expectSameLength(a, b);
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  if (Number.isNaN(difference) || a.some(Number.isNaN) || b.some(Number.isNaN)) return NaN;
  return largest === 0 ? difference : difference / largest;
}

function expectSameLength(a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
}

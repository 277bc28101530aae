/** An exported model (fusion/export-model.ts) at work: raw stream vectors in, scores in label units out. */
import { StudioError } from '../../src-shared/errors.ts';
import type { AveragedOutput } from '../fusion/average-heads.ts';
import { createSession, floatTensor, type Ort } from '../graph/runtime.ts';
import type { StreamMatrix } from './compute-protocol.ts';

/** Images of one run of the model. */
const BLOCK = 256;

/** A model and what its card says of its tensors; `gates` are the streams of their columns, null with static fusion. */
export type ModelToRun = {
  onnx: Uint8Array;
  inputs: { name: string; stream: string; dimension: number }[];
  gates: string[] | null;
};

/**
 * What the model says of n images with these streams, which hold all of its inputs. Throws StudioError bad-input where ONNX Runtime
 * can not load it or it has other inputs and outputs than the card says.
 */
export async function runModel(
  ort: Ort,
  { onnx, inputs, gates }: ModelToRun,
  streams: readonly StreamMatrix[],
  n: number,
): Promise<AveragedOutput> {
  const session = await createSession(ort, onnx, 1).catch((error: unknown) => {
    throw new StudioError('bad-input', `The model can not be loaded: ${(error as Error).message}`, {
      hint: 'Export the run again.',
    });
  });
  try {
    const outputs = ['score', ...(gates === null ? [] : ['gates']), 'score_std'];
    requireSame(
      'inputs',
      session.inputNames,
      inputs.map(({ name }) => name),
    );
    requireSame('outputs', session.outputNames, outputs);
    const found: AveragedOutput = {
      predictions: new Float64Array(n),
      std: new Float64Array(n),
      gates: Object.fromEntries((gates ?? []).map((stream) => [stream, new Float64Array(n)])),
    };
    for (let from = 0; from < n; from += BLOCK) {
      const rows = Math.min(BLOCK, n - from);
      const feeds = inputs.map(({ name, stream, dimension }) => {
        const { data } = streams.find(({ id }) => id === stream)!;
        const block = data.subarray(from * dimension, (from + rows) * dimension);
        return [name, floatTensor(ort, block, [rows, dimension])] as const;
      });
      const answer = await session.run(Object.fromEntries(feeds));
      const values = (name: string) => answer[name]!.data as Float32Array;
      found.predictions.set(values('score'), from);
      found.std.set(values('score_std'), from);
      for (const [s, stream] of (gates ?? []).entries())
        for (let row = 0; row < rows; row++)
          found.gates[stream]![from + row] = values('gates')[row * gates!.length + s]!;
    }
    return found;
  } finally {
    await session.release();
  }
}

function requireSame(what: string, has: readonly string[], says: readonly string[]): void {
  if (has.length === says.length && says.every((name) => has.includes(name))) return;
  throw new StudioError(
    'bad-input',
    `The model has the ${what} ${has.join(', ')}; its card says ${says.join(', ')}`,
    { hint: 'Export the run again.' },
  );
}

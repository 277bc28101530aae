/** A model in ONNX Runtime, and its runs. Only encoder processes use this. */
import type * as OnnxRuntime from 'onnxruntime-node';
import { tensorSide } from '../../../src-shared/encoder-manifest.ts';
import type { Provider } from '../../../src-shared/encoders.ts';
import type { EncoderTask } from './encoder-protocol.ts';
import { outputEmbeddings, toFloat32 } from './pooling.ts';
import type { InputValues } from './preprocess.ts';

/** The module, loaded by loadOrt. */
export type Ort = Pick<typeof OnnxRuntime, 'InferenceSession' | 'Tensor'>;

/**
 * Loads onnxruntime-node, with Float16Array hidden until its first tensor is made: 1.30 fails on that class and uses it
 * for every float16 tensor wherever it exists (microsoft/onnxruntime#32323). Without it, float16 are bits in a Uint16Array.
 */
export async function loadOrt(): Promise<Ort> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'; // as the engine does, for programs that are not its children
  const hidden = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array')!;
  delete (globalThis as { Float16Array?: unknown }).Float16Array;
  try {
    const ort = await import('onnxruntime-node');
    new ort.Tensor('float16', new Uint16Array(1), [1]);
    return ort;
  } finally {
    Object.defineProperty(globalThis, 'Float16Array', hidden);
  }
}

/** An encoder on one provider. */
export type EncoderSession = {
  /** Embeddings of crops whose tensors lie one after another in `values`, in order. One run where the batch is open,
   *  else as many as the model's batch needs, the last one filled up. Throws 'bad-input' for a wrong output shape. */
  embed(values: InputValues, crops: number): Promise<Float32Array[]>;
  release(): Promise<void>;
};

/** Opens the model on a provider; throws what ONNX Runtime throws. */
export async function openSession(
  ort: Ort,
  { manifest, modelPath, batch, threads }: EncoderTask,
  provider: Provider,
): Promise<EncoderSession> {
  const session = await ort.InferenceSession.create(modelPath, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    // Threads that wait for work in a loop take the cores from those that decode, and from the rest of the machine.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const { input, output } = manifest;
  const side = tensorSide(manifest.preprocessing);
  const length = 3 * side * side;

  async function run(values: InputValues, crops: number): Promise<Float32Array[]> {
    const tensor = new ort.Tensor(input.dtype, values, [crops, 3, side, side]);
    // Only the output that is asked for is computed.
    const results = await session.run({ [input.name]: tensor }, [output.name]);
    const { data, dims } = results[output.name]!;
    return outputEmbeddings(toFloat32(data as Float32Array | Uint16Array), dims, manifest);
  }

  return {
    async embed(values, crops) {
      if (batch === 'dynamic') return run(values.subarray(0, crops * length), crops);
      const embeddings: Float32Array[] = [];
      for (let first = 0; first < crops; first += batch) {
        const full = first + batch <= crops;
        const part = values.subarray(first * length, Math.min(first + batch, crops) * length);
        embeddings.push(...(await run(full ? part : filledUp(part, batch * length), batch)));
      }
      return embeddings.slice(0, crops);
    },
    release: () => session.release(),
  };
}

/** A copy with zeros at the end. */
function filledUp(values: InputValues, length: number): InputValues {
  const filled = values instanceof Float32Array ? new Float32Array(length) : new Uint16Array(length);
  filled.set(values);
  return filled;
}

/**
 * One training step in ONNX Runtime: forward, hybrid loss and all gradients in a single run.
 * All memory is allocated once: the session reads the parameters and writes the gradients where AdamW works on them.
 */
import { gradients } from '../graph/gradients.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { createSession, floatTensor } from '../graph/runtime.ts';
import { input } from '../graph/tensor.ts';
import { countParameters, headGraph, layersOf } from './head.ts';
import { hybridLoss } from './loss.ts';
import type { Ort, OrtTensor, Session } from '../graph/runtime.ts';
import type { LayerSizes } from './head.ts';
import type { LossWeights } from './loss.ts';
import type { Random } from './random.ts';

export type StepOptions = LossWeights & { dropout: number; threads: number };

/** Preprocessed training data: features [n, sizes[0]] row-major, targets [n] as trained. */
export type TrainingData = { features: Float32Array; targets: Float32Array };

/** The training step as an ONNX model: data, dropout masks and parameters in, `loss` and one gradient per parameter out. */
export function trainingModel(sizes: LayerSizes, weights: LossWeights, dropout: number): Uint8Array {
  const layers = layersOf(sizes).map((layer, i) => ({
    weight: input(`weight${i}`, [layer.inputs, layer.outputs]),
    bias: input(`bias${i}`, [layer.outputs]),
  }));
  const masks =
    dropout === 0 ? [] : sizes.slice(1, -1).map((width, i) => input(`mask${i}`, ['batch', width]));
  const prediction = headGraph(input('features', ['batch', sizes[0] ?? 0]), layers, masks);
  const loss = hybridLoss(prediction, input('targets', ['batch', 1]), weights);
  const slopes = gradients(
    loss,
    layers.flatMap(({ weight, bias }) => [weight, bias]),
  );
  const named = slopes.map(
    (slope, i) => [`${i % 2 === 0 ? 'weight' : 'bias'}${i >> 1}_gradient`, slope] as const,
  );
  return writeOnnx({ loss, ...Object.fromEntries(named) });
}

/** A training step that can be run again and again; `dispose` frees the session. */
export class TrainingSession {
  /** Gradient of the last step, laid out like the parameters. */
  readonly gradient: Float32Array;
  readonly #ort: Ort;
  readonly #session: Session;
  readonly #sizes: LayerSizes;
  readonly #dropout: number;
  readonly #batch: { features: Float32Array; targets: Float32Array; masks: Float32Array[] };
  readonly #parameters: Record<string, OrtTensor>;
  readonly #outputs: Record<string, OrtTensor>;
  readonly #loss = new Float32Array(1);

  private constructor(
    ort: Ort,
    session: Session,
    sizes: LayerSizes,
    parameters: Float32Array,
    batch: number,
    dropout: number,
  ) {
    this.#ort = ort;
    this.#session = session;
    this.#sizes = sizes;
    this.#dropout = dropout;
    this.gradient = new Float32Array(countParameters(sizes));
    this.#batch = {
      features: new Float32Array(batch * (sizes[0] ?? 0)),
      targets: new Float32Array(batch),
      masks: dropout === 0 ? [] : sizes.slice(1, -1).map((width) => new Float32Array(batch * width)),
    };
    this.#parameters = layerTensors(ort, sizes, parameters, '');
    this.#outputs = {
      loss: floatTensor(ort, this.#loss, [1, 1]),
      ...layerTensors(ort, sizes, this.gradient, '_gradient'),
    };
  }

  /** Compiles the step for batches of up to `batch` rows; `parameters` is read in every step, not copied. */
  static async create(
    ort: Ort,
    sizes: LayerSizes,
    parameters: Float32Array,
    batch: number,
    options: StepOptions,
  ): Promise<TrainingSession> {
    const session = await createSession(ort, trainingModel(sizes, options, options.dropout), options.threads);
    return new TrainingSession(ort, session, sizes, parameters, batch, options.dropout);
  }

  /** Runs forward and backward on the given rows of the data with fresh dropout masks; returns the loss. */
  async step(data: TrainingData, rows: Int32Array, random: Random): Promise<number> {
    this.#gather(data, rows);
    for (const mask of this.#batch.masks) random.fillDropoutMask(mask, this.#dropout);
    await this.#session.run(this.#inputs(rows.length), this.#outputs);
    return this.#loss[0] ?? NaN;
  }

  /** Frees the session. */
  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #gather(data: TrainingData, rows: Int32Array): void {
    const { features, targets } = this.#batch;
    const width = this.#sizes[0] ?? 0;
    rows.forEach((row, i) => {
      features.set(data.features.subarray(row * width, (row + 1) * width), i * width);
      targets[i] = data.targets[row]!;
    });
  }

  /** The inputs for the first `n` rows of the batch memory. */
  #inputs(n: number): Record<string, OrtTensor> {
    const view = (values: Float32Array, width: number): OrtTensor =>
      floatTensor(this.#ort, values.subarray(0, n * width), [n, width]);
    const masks = this.#batch.masks.map(
      (mask, i) => [`mask${i}`, view(mask, this.#sizes[i + 1] ?? 0)] as const,
    );
    return {
      features: view(this.#batch.features, this.#sizes[0] ?? 0),
      targets: view(this.#batch.targets, 1),
      ...Object.fromEntries(masks),
      ...this.#parameters,
    };
  }
}

/** Views of each layer's weight and bias in a flat vector, named `weight0`, `bias0`, ... with a suffix. */
function layerTensors(
  ort: Ort,
  sizes: LayerSizes,
  flat: Float32Array,
  suffix: string,
): Record<string, OrtTensor> {
  const tensors: Record<string, OrtTensor> = {};
  layersOf(sizes).forEach(({ inputs, outputs, weightOffset, biasOffset }, i) => {
    tensors[`weight${i}${suffix}`] = floatTensor(ort, flat.subarray(weightOffset, biasOffset), [
      inputs,
      outputs,
    ]);
    tensors[`bias${i}${suffix}`] = floatTensor(ort, flat.subarray(biasOffset, biasOffset + outputs), [
      outputs,
    ]);
  });
  return tensors;
}

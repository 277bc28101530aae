/**
 * One training step in ONNX Runtime: forward, hybrid loss and all gradients in a single run.
 * All memory is allocated once: the session reads the parameters and writes the gradients where AdamW works on them.
 */
import { gradients } from '../graph/gradients.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { createSession, floatTensor, runInto } from '../graph/runtime.ts';
import { constant, input } from '../graph/tensor.ts';
import { Dropout } from './dropout.ts';
import { fusedWidth, layersOf, modelGraph } from './head.ts';
import { hybridLoss, lossInputs } from './loss.ts';
import { LossBatch } from './loss-batch.ts';
import type { Ort, OrtTensor, Session } from '../graph/runtime.ts';
import type { AdamW } from './adamw.ts';
import type { Architecture } from './head.ts';
import type { FusionKernel } from './kernel.ts';
import type { LossWeights } from './loss.ts';

/** `batch`: most rows of a step; `threads` of ONNX Runtime. */
export type StepOptions = LossWeights & { batch: number; dropout: number; threads: number };

/** Preprocessed training data: features [n, fused width] row-major, targets [n] as trained. */
export type TrainingData = { features: Float32Array; targets: Float32Array };

/** What a kept unit's mask is times, see `maskedGelu`. */
const MASK_GAIN = 0.5;

/** The training step as an ONNX model: data, dropout masks and parameters in, `loss` and one gradient per parameter out. */
export function trainingModel(architecture: Architecture, weights: LossWeights, dropout: number): Uint8Array {
  const layers = layersOf(architecture).map((layer, i) => ({
    weight: input(`weight${i}`, [layer.outputs, layer.inputs]),
    bias: input(`bias${i}`, [layer.outputs, 1]),
  }));
  const masks = architecture.hidden.map((width, i) =>
    dropout === 0 ? constant(MASK_GAIN) : input(`mask${i}`, [width, 'batch']),
  );
  const features = input('features', ['batch', fusedWidth(architecture)]);
  const { prediction } = modelGraph(architecture, features, layers, masks);
  const { loss, slope } = hybridLoss(prediction, lossInputs(), weights);
  const variables = layers.flatMap(({ weight, bias }) => [weight, bias]);
  const named = gradients(prediction, slope, variables).map(
    (gradient, i) => [`${i % 2 === 0 ? 'weight' : 'bias'}${i >> 1}_gradient`, gradient] as const,
  );
  return writeOnnx({ loss, ...Object.fromEntries(named) });
}

/** A training step that can be run again and again; `dispose` frees the session. */
export class TrainingSession {
  readonly #ort: Ort;
  readonly #session: Session;
  readonly #width: number;
  readonly #dropout: Dropout | null;
  readonly #batch: { features: Float32Array; loss: LossBatch; masks: Mask[] };
  readonly #parameters: Record<string, OrtTensor>;
  readonly #outputs: Record<string, OrtTensor>;
  readonly #loss = new Float32Array(1);
  /** The inputs of a full batch, made once. */
  readonly #full: Record<string, OrtTensor>;
  readonly #size: number;

  private constructor(ort: Ort, session: Session, parts: SessionParts) {
    const { kernel, architecture, optimizer, options } = parts;
    this.#ort = ort;
    this.#session = session;
    this.#width = fusedWidth(architecture);
    this.#size = options.batch;
    this.#dropout =
      options.dropout === 0 ? null : new Dropout(kernel, parts.dropoutSeed, options.dropout, MASK_GAIN);
    const masks = architecture.hidden.map((width, i) => ({
      name: `mask${i}`,
      width,
      values: kernel.float32(options.dropout === 0 ? 0 : options.batch * width),
    }));
    this.#batch = {
      features: kernel.float32(options.batch * this.#width),
      loss: new LossBatch(ort, kernel, options.batch),
      masks: options.dropout === 0 ? [] : masks,
    };
    this.#parameters = layerTensors(ort, architecture, optimizer.parameters, '');
    this.#outputs = {
      loss: floatTensor(ort, this.#loss, [1, 1]),
      ...layerTensors(ort, architecture, optimizer.gradient, '_gradient'),
    };
    this.#full = this.#inputs(options.batch);
  }

  /** Compiles the step; it reads the optimizer's parameters and writes its gradient in place. */
  static async create(ort: Ort, parts: SessionParts): Promise<TrainingSession> {
    const { architecture, options } = parts;
    const model = trainingModel(architecture, options, options.dropout);
    return new TrainingSession(ort, await createSession(ort, model, options.threads), parts);
  }

  /** Kernel memory that a session takes. */
  static bytes(architecture: Architecture, batch: number): number {
    const columns = fusedWidth(architecture) + architecture.hidden.reduce((sum, width) => sum + width, 0);
    return 4 * batch * columns + LossBatch.bytes(batch) + Dropout.bytes;
  }

  /** Runs forward and backward on the given rows of the data with fresh dropout masks; returns the loss. */
  async step(data: TrainingData, rows: Int32Array): Promise<number> {
    const n = rows.length;
    this.#gather(data, rows);
    for (const { values, width } of this.#batch.masks) this.#dropout?.fill(values, n * width);
    await runInto(this.#session, n === this.#size ? this.#full : this.#inputs(n), this.#outputs);
    return this.#loss[0] ?? NaN;
  }

  /** Frees the session. */
  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #gather(data: TrainingData, rows: Int32Array): void {
    const { features, loss } = this.#batch;
    const width = this.#width;
    rows.forEach((row, i) => {
      features.set(data.features.subarray(row * width, (row + 1) * width), i * width);
      loss.targets[i] = data.targets[row]!;
    });
    loss.fill(rows.length);
  }

  /** The inputs for the first `n` rows of the batch memory. */
  #inputs(n: number): Record<string, OrtTensor> {
    const view = (values: Float32Array, rows: number, columns: number): OrtTensor =>
      floatTensor(this.#ort, values.subarray(0, rows * columns), [rows, columns]);
    const masks = this.#batch.masks.map(({ name, width, values }) => [name, view(values, width, n)] as const);
    return {
      features: view(this.#batch.features, n, this.#width),
      ...this.#batch.loss.tensors(n),
      ...Object.fromEntries(masks),
      ...this.#parameters,
    };
  }
}

type Mask = { name: string; width: number; values: Float32Array };

/** What a session is made of; the kernel's memory holds the batch, the masks and what the optimizer works on. */
export type SessionParts = {
  kernel: FusionKernel;
  architecture: Architecture;
  optimizer: AdamW;
  dropoutSeed: number;
  options: StepOptions;
};

/** Views of each layer's weight and bias in a flat vector, named `weight0`, `bias0`, ... with a suffix. */
function layerTensors(
  ort: Ort,
  architecture: Architecture,
  flat: Float32Array,
  suffix: string,
): Record<string, OrtTensor> {
  const tensors: Record<string, OrtTensor> = {};
  layersOf(architecture).forEach(({ inputs, outputs, weightOffset, biasOffset }, i) => {
    const weight = flat.subarray(weightOffset, biasOffset);
    const bias = flat.subarray(biasOffset, biasOffset + outputs);
    tensors[`weight${i}${suffix}`] = floatTensor(ort, weight, [outputs, inputs]);
    tensors[`bias${i}${suffix}`] = floatTensor(ort, bias, [outputs, 1]);
  });
  return tensors;
}

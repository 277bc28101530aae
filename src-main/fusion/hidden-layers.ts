/**
 * Hidden layers in training: linear, exact GELU, dropout (paper, section 2.6), forward and backward. Matrix products run in ONNX Runtime
 * and GELU in the kernel, all in the kernel's memory. An image is a column.
 */
import { linear, matmul, mul, sum } from '../graph/operators.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { createSessions, floatTensor, releaseSessions, runInto } from '../graph/runtime.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Ort, OrtTensor, Session } from '../graph/runtime.ts';
import type { Layer } from './head.ts';
import type { FusionKernel } from './kernel.ts';

/** A layer's parameters, or their gradient, in the optimizer's memory. */
export type LayerParameters = { weight: Float32Array; bias: Float32Array };
/** A layer with its parameters and where their gradient goes. */
export type TrainedLayer = { layer: Layer; parameters: LayerParameters; gradient: LayerParameters };

export type HiddenLayersParts = {
  kernel: FusionKernel;
  layers: readonly TrainedLayer[];
  /** Most images of a batch. */
  batch: number;
  /** What the first layer computes from, [n, inputs]; `slope`, of the same shape, takes the loss's slope by it. */
  input: { values: Float32Array; slope: Float32Array | null };
  /** Threads of ONNX Runtime. */
  threads: number;
};

/** One layer's values, [units, n] each. */
type LayerValues = {
  /** 0 or 1 / (1 - rate); all 1 at first. */
  mask: Float32Array;
  /** The layer before GELU, and after it the slope of `output` by that. */
  inner: Float32Array;
  output: Float32Array;
};

type Named = Record<string, OrtTensor>;
/** What a product reads and writes. */
type Feeding = [feeds: Named, fetches: Named];

export class HiddenLayers {
  /** The dropout masks of each layer, [units, n], to be changed before `forward`. */
  readonly masks: readonly Float32Array[];
  /** [units, n]: what the last layer gives. */
  readonly output: Float32Array;
  /** [units, n]: where the loss's slope by `output` is expected before `backward`. */
  readonly slope: Float32Array;
  readonly #ort: Ort;
  readonly #parts: HiddenLayersParts;
  readonly #values: readonly LayerValues[];
  readonly #sessions: { forward: Session[]; backward: Session };
  /** By number of images. */
  readonly #feedings = new Map<number, { forward: Feeding[]; backward: Feeding }>();

  private constructor(
    ort: Ort,
    sessions: { forward: Session[]; backward: Session },
    parts: HiddenLayersParts,
  ) {
    const { kernel, layers, batch } = parts;
    this.#ort = ort;
    this.#parts = parts;
    this.#sessions = sessions;
    this.#values = layers.map(({ layer: { outputs } }) => ({
      mask: kernel.float32(outputs * batch).fill(1),
      inner: kernel.float32(outputs * batch),
      output: kernel.float32(outputs * batch),
    }));
    this.masks = this.#values.map(({ mask }) => mask);
    this.output = this.#values.at(-1)!.output;
    this.slope = kernel.float32(this.output.length);
  }

  /** Compiles the layers' products. Throws RangeError where there is no layer. */
  static async create(ort: Ort, parts: HiddenLayersParts): Promise<HiddenLayers> {
    const { threads, input: from } = parts;
    const layers = parts.layers.map(({ layer }) => layer);
    if (layers.length === 0) throw new RangeError('a model to be trained needs a hidden layer');
    const models = layers.map((layer, l) => forwardModel(layer, l === 0));
    const sessions = await createSessions(
      ort,
      [backwardModel(layers, from.slope !== null), ...models],
      threads,
    );
    const [backward, ...forward] = sessions as [Session, ...Session[]];
    return new HiddenLayers(ort, { forward, backward }, parts);
  }

  /** Kernel memory that these layers take. */
  static bytes(layers: readonly Layer[], batch: number): number {
    const units = layers.reduce((total, { outputs }) => total + 3 * outputs, layers.at(-1)?.outputs ?? 0);
    return 4 * units * batch;
  }

  /** Computes `output` for `n` images. */
  async forward(n: number): Promise<void> {
    const { kernel, layers } = this.#parts;
    const { forward } = this.#feedingsOf(n);
    for (const [l, { layer }] of layers.entries()) {
      await runInto(this.#sessions.forward[l]!, ...forward[l]!);
      const { inner, mask, output } = this.#values[l]!;
      kernel.run.gelu(inner.byteOffset, mask.byteOffset, output.byteOffset, layer.outputs * n);
    }
  }

  /** From `slope`, after `forward`: the gradient of all parameters, and the loss's slope by the input where it has a place. */
  async backward(n: number): Promise<void> {
    await runInto(this.#sessions.backward, ...this.#feedingsOf(n).backward);
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    await releaseSessions([...this.#sessions.forward, this.#sessions.backward]);
  }

  #feedingsOf(n: number): { forward: Feeding[]; backward: Feeding } {
    let feedings = this.#feedings.get(n);
    if (feedings === undefined) this.#feedings.set(n, (feedings = this.#makeFeedings(n)));
    return feedings;
  }

  #makeFeedings(n: number): { forward: Feeding[]; backward: Feeding } {
    const { layers, input: from } = this.#parts;
    const tensor = (values: Float32Array, rows: number, columns: number): OrtTensor =>
      floatTensor(this.#ort, values.subarray(0, rows * columns), [rows, columns]);
    const forward: Feeding[] = [];
    const feeds: Named = { slope: tensor(this.slope, layers.at(-1)!.layer.outputs, n) };
    const fetches: Named = {};
    for (const [l, { layer, parameters, gradient }] of layers.entries()) {
      const { inputs, outputs } = layer;
      const values = this.#values[l]!;
      const x = l === 0 ? tensor(from.values, n, inputs) : tensor(this.#values[l - 1]!.output, inputs, n);
      const weight = tensor(parameters.weight, outputs, inputs);
      const y = tensor(values.inner, outputs, n);
      forward.push([{ x, weight, bias: tensor(parameters.bias, outputs, 1) }, { y }]);
      feeds[`x${l}`] = x;
      feeds[`geluSlope${l}`] = y;
      if (l > 0 || from.slope !== null) feeds[`weight${l}`] = weight;
      fetches[`weightGradient${l}`] = tensor(gradient.weight, outputs, inputs);
      fetches[`biasGradient${l}`] = tensor(gradient.bias, outputs, 1);
    }
    if (from.slope !== null) fetches['inputSlope'] = tensor(from.slope, n, layers[0]!.layer.inputs);
    return { forward, backward: [feeds, fetches] };
  }
}

/** x, weight [out, in] and bias [out, 1] to y [out, n]. */
function forwardModel(layer: Layer, first: boolean): Uint8Array {
  const { inputs, outputs } = layer;
  const x = inputOf('x', inputs, first);
  const bias = input('bias', [outputs, 1]);
  return writeOnnx({ y: linear(input('weight', [outputs, inputs]), x, bias, { rows: first }) });
}

/**
 * The loss's slope by the last layer's output, each layer's input, slope of GELU and weight to all gradients and, if wanted, the loss's
 * slope by the first layer's input.
 */
function backwardModel(layers: readonly Layer[], withInput: boolean): Uint8Array {
  const outputs: Record<string, Tensor> = {};
  let slope = input('slope', [layers.at(-1)!.outputs, 'batch']);
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l]!;
    const first = l === 0;
    const byInner = mul(slope, input(`geluSlope${l}`, [layer.outputs, 'batch']));
    outputs[`biasGradient${l}`] = sum(byInner, [1]);
    outputs[`weightGradient${l}`] = matmul(byInner, inputOf(`x${l}`, layer.inputs, first), { b: !first });
    if (first && !withInput) break;
    const weight = input(`weight${l}`, [layer.outputs, layer.inputs]);
    slope = first ? matmul(byInner, weight, { a: true }) : matmul(weight, byInner, { a: true });
  }
  return writeOnnx(withInput ? { ...outputs, inputSlope: slope } : outputs);
}

/** The first layer's input has a row per image, that of the others a column. */
function inputOf(name: string, inputs: number, first: boolean): Tensor {
  return input(name, first ? ['batch', inputs] : [inputs, 'batch']);
}

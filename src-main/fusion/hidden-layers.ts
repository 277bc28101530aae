/**
 * Hidden layers in training: linear, exact GELU, dropout (paper, section 2.6), forward and backward. Matrix products run in ONNX Runtime
 * and GELU in the kernel, all in the kernel's memory. An image is a column.
 */
import { linear, matmul, mul, sum } from '../graph/operators.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { openAllInPlace, releaseAll, type InPlaceSession, type Place } from '../graph/in-place.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Ort } from '../graph/runtime.ts';
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

type Sessions = { forward: readonly InPlaceSession[]; backward: InPlaceSession };
/** The products for some number of images. */
type Products = { forward: (() => Promise<void>)[]; backward: () => Promise<void> };

export class HiddenLayers {
  /** The dropout masks of each layer, [units, n], to be changed before `forward`. */
  readonly masks: readonly Float32Array[];
  /** [units, n]: what the last layer gives. */
  readonly output: Float32Array;
  /** [units, n]: where the loss's slope by `output` is expected before `backward`. */
  readonly slope: Float32Array;
  readonly #parts: HiddenLayersParts;
  readonly #values: readonly LayerValues[];
  readonly #sessions: Sessions;
  /** By number of images. */
  readonly #products = new Map<number, Products>();

  private constructor(sessions: Sessions, parts: HiddenLayersParts) {
    const { kernel, layers, batch } = parts;
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
    const sessions = await openAllInPlace(
      ort,
      [backwardModel(layers, from.slope !== null), ...models],
      threads,
    );
    const [backward, ...forward] = sessions as [InPlaceSession, ...InPlaceSession[]];
    return new HiddenLayers({ forward, backward }, parts);
  }

  /** Kernel memory that these layers take. */
  static bytes(layers: readonly Layer[], batch: number): number {
    const units = layers.reduce((total, { outputs }) => total + 3 * outputs, layers.at(-1)?.outputs ?? 0);
    return 4 * units * batch;
  }

  /** Computes `output` for `n` images. */
  async forward(n: number): Promise<void> {
    const { kernel, layers } = this.#parts;
    const { forward } = this.#productsOf(n);
    for (const [l, { layer }] of layers.entries()) {
      await forward[l]!();
      const { inner, mask, output } = this.#values[l]!;
      kernel.run.gelu(inner.byteOffset, mask.byteOffset, output.byteOffset, layer.outputs * n);
    }
  }

  /** From `slope`, after `forward`: the gradient of all parameters, and the loss's slope by the input where it has a place. */
  async backward(n: number): Promise<void> {
    await this.#productsOf(n).backward();
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    await releaseAll([...this.#sessions.forward, this.#sessions.backward]);
  }

  #productsOf(n: number): Products {
    let products = this.#products.get(n);
    if (products === undefined) this.#products.set(n, (products = this.#bind(n)));
    return products;
  }

  #bind(n: number): Products {
    const { layers, input: from } = this.#parts;
    const place = (values: Float32Array, rows: number, columns: number): Place => ({
      values: values.subarray(0, rows * columns),
      shape: [rows, columns],
    });
    const forward: Products['forward'] = [];
    const inputs: Record<string, Place> = { slope: place(this.slope, layers.at(-1)!.layer.outputs, n) };
    const outputs: Record<string, Place> = {};
    for (const [l, { layer, parameters, gradient }] of layers.entries()) {
      const { inputs: width, outputs: units } = layer;
      const values = this.#values[l]!;
      const x = l === 0 ? place(from.values, n, width) : place(this.#values[l - 1]!.output, width, n);
      const weight = place(parameters.weight, units, width);
      const y = place(values.inner, units, n);
      const bias = place(parameters.bias, units, 1);
      forward.push(this.#sessions.forward[l]!.bind({ x, weight, bias }, { y }));
      inputs[`x${l}`] = x;
      inputs[`geluSlope${l}`] = y;
      if (l > 0 || from.slope !== null) inputs[`weight${l}`] = weight;
      outputs[`weightGradient${l}`] = place(gradient.weight, units, width);
      outputs[`biasGradient${l}`] = place(gradient.bias, units, 1);
    }
    if (from.slope !== null) outputs['inputSlope'] = place(from.slope, n, layers[0]!.layer.inputs);
    return { forward, backward: this.#sessions.backward.bind(inputs, outputs) };
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

/** The regression head (paper, section 2.6): linear layers with exact GELU and dropout between them, one output. */
import { gelu, linear, mul } from '../graph/operators.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Random } from './random.ts';

/** Widths from the fused input to the output, e.g. [650, 512, 256, 1]. */
export type LayerSizes = readonly number[];

/** One linear layer inside the flat parameter vector: weight [inputs, outputs] row-major, then bias [outputs]. */
export type Layer = { inputs: number; outputs: number; weightOffset: number; biasOffset: number };

/** The widths of a head over `inputDimension` fused features. */
export function layerSizes(inputDimension: number, hidden: readonly number[]): LayerSizes {
  return [inputDimension, ...hidden, 1];
}

/** Where each layer's parameters lie in the flat vector. */
export function layersOf(sizes: LayerSizes): Layer[] {
  const layers: Layer[] = [];
  let offset = 0;
  sizes.slice(1).forEach((outputs, i) => {
    const inputs = sizes[i] ?? 0;
    layers.push({ inputs, outputs, weightOffset: offset, biasOffset: offset + inputs * outputs });
    offset += inputs * outputs + outputs;
  });
  return layers;
}

/** Number of trainable parameters: 464,897 for [650, 512, 256, 1]. */
export function countParameters(sizes: LayerSizes): number {
  return layersOf(sizes).reduce((count, layer) => count + (layer.inputs + 1) * layer.outputs, 0);
}

/** Fresh parameters, weights and biases uniform in +-1/sqrt(inputs of the layer), as one flat vector. */
export function initialParameters(sizes: LayerSizes, random: Random): Float32Array {
  const parameters = new Float32Array(countParameters(sizes));
  for (const layer of layersOf(sizes)) {
    const bound = 1 / Math.sqrt(layer.inputs);
    const end = layer.biasOffset + layer.outputs;
    for (let i = layer.weightOffset; i < end; i++) parameters[i] = (2 * random.uniform() - 1) * bound;
  }
  return parameters;
}

/** Weight and bias of one layer as tensors of a graph. */
export type LayerTensors = { weight: Tensor; bias: Tensor };

/**
 * The head as a graph: fused features [batch, inputs] to predictions [batch, 1].
 * `masks` multiply the output of each hidden layer (dropout, already scaled by 1 / (1 - rate)); none: no dropout.
 */
export function headGraph(
  features: Tensor,
  layers: readonly LayerTensors[],
  masks: readonly Tensor[] = [],
): Tensor {
  let value = features;
  layers.forEach(({ weight, bias }, i) => {
    value = linear(value, weight, bias);
    if (i === layers.length - 1) return;
    value = gelu(value);
    const mask = masks[i];
    if (mask !== undefined) value = mul(value, mask);
  });
  return value;
}

/**
 * The model over the fused vector: gates per stream (paper, section 2.5) and the regression head (2.6), linear layers with exact
 * GELU and dropout between them, one output. Static fusion has no gates.
 */
import { gelu, linear, matmul, mul, scale, sigmoid, slice, transpose } from '../graph/operators.ts';
import { constant } from '../graph/tensor.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Random } from './random.ts';

/** A stream's part of the fused vector. */
export type StreamWidth = { id: string; width: number };

export type Architecture = {
  /** The streams in the order of the fused vector. */
  streams: readonly StreamWidth[];
  /** Widths of the hidden layers of the head, e.g. [512, 256]. */
  hidden: readonly number[];
  /** The stream that the gates are computed from; null: static fusion. */
  gate: string | null;
};

/** One linear layer inside the flat parameter vector: weight [outputs, inputs] row-major, then bias [outputs]. */
export type Layer = { inputs: number; outputs: number; weightOffset: number; biasOffset: number };

/** Units of the gates' hidden layer. */
const GATE_HIDDEN = 64;

/** Width of the fused vector. */
export function fusedWidth({ streams }: Architecture): number {
  return streams.reduce((sum, { width }) => sum + width, 0);
}

/** Where each layer's parameters lie in the flat vector: the head's layers, then the two of the gates if there are any. */
export function layersOf(architecture: Architecture): Layer[] {
  const { streams, hidden, gate } = architecture;
  const layers: Layer[] = [];
  let offset = 0;
  const append = (widths: readonly number[]): void =>
    widths.slice(1).forEach((outputs, i) => {
      const inputs = widths[i] ?? 0;
      layers.push({ inputs, outputs, weightOffset: offset, biasOffset: offset + inputs * outputs });
      offset += inputs * outputs + outputs;
    });
  append([fusedWidth(architecture), ...hidden, 1]);
  if (gate !== null) append([gateColumns(architecture, gate).width, GATE_HIDDEN, streams.length]);
  return layers;
}

/** Number of trainable parameters: 464,897 for 650-512-256-1, and 16,643 more with gates from a stream of 256. */
export function countParameters(architecture: Architecture): number {
  return layersOf(architecture).reduce((count, layer) => count + (layer.inputs + 1) * layer.outputs, 0);
}

/** Fresh parameters, weights and biases uniform in +-1/sqrt(inputs of the layer), as one flat vector. */
export function initialParameters(architecture: Architecture, random: Random): Float32Array {
  const parameters = new Float32Array(countParameters(architecture));
  for (const layer of layersOf(architecture)) {
    const bound = 1 / Math.sqrt(layer.inputs);
    const end = layer.biasOffset + layer.outputs;
    for (let i = layer.weightOffset; i < end; i++) parameters[i] = (2 * random.uniform() - 1) * bound;
  }
  return parameters;
}

/** Weight [outputs, inputs] and bias [outputs, 1] of one layer as tensors of a graph. */
export type LayerTensors = { weight: Tensor; bias: Tensor };

/**
 * The model as a graph: fused features [batch, width] to predictions [batch, 1] and, with gated fusion, gates
 * [batch, streams] in (0, 2). `layers` in the order of `layersOf`; `masks`: dropout of each hidden layer of the head
 * [units, batch], 0 where a unit is left out and 1 / (1 - rate) elsewhere. Inside, an image is a column.
 */
export function modelGraph(
  architecture: Architecture,
  features: Tensor,
  layers: readonly LayerTensors[],
  masks: readonly Tensor[] | null = null,
): { prediction: Tensor; gates: Tensor | null } {
  const depth = architecture.hidden.length + 1;
  const gates = gateGraph(architecture, features, layers.slice(depth));
  let value = gates === null ? features : mul(features, perColumn(architecture, gates));
  layers.slice(0, depth).forEach(({ weight, bias }, i) => {
    value = linear(weight, value, bias, { rows: i === 0 });
    if (i === depth - 1) return;
    value = gelu(value);
    if (masks !== null) value = mul(value, masks[i]!);
  });
  return { prediction: transpose(value), gates: gates === null ? null : transpose(gates) };
}

/** 2 sigmoid(W2 GELU(W1 z + b1) + b2) on the preprocessed gate stream z: one factor per stream (equation 7), [streams, batch]. */
function gateGraph(
  architecture: Architecture,
  features: Tensor,
  [hidden, output]: readonly LayerTensors[],
): Tensor | null {
  if (architecture.gate === null || hidden === undefined || output === undefined) return null;
  const { start, width } = gateColumns(architecture, architecture.gate);
  const z = slice(features, 1, start, start + width);
  const inner = gelu(linear(hidden.weight, z, hidden.bias, { rows: true }));
  return scale(sigmoid(linear(output.weight, inner, output.bias)), 2);
}

/** Each stream's gate at every column of the stream: [streams, batch] to [batch, width]. */
function perColumn(architecture: Architecture, gates: Tensor): Tensor {
  const { streams } = architecture;
  const width = fusedWidth(architecture);
  const membership = new Float32Array(streams.length * width);
  let start = 0;
  streams.forEach((stream, s) => {
    membership.fill(1, s * width + start, s * width + start + stream.width);
    start += stream.width;
  });
  return matmul(gates, constant(membership, [streams.length, width]), { a: true });
}

/** Columns of the fused vector that the gates are computed from. */
export function gateColumns({ streams }: Architecture, gate: string): { start: number; width: number } {
  const at = streams.findIndex(({ id }) => id === gate);
  const stream = streams[at];
  if (stream === undefined) throw new RangeError(`the gate's stream "${gate}" is not one of the model's`);
  const start = streams.slice(0, at).reduce((sum, { width }) => sum + width, 0);
  return { start, width: stream.width };
}

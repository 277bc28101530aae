/**
 * A run's heads as one ONNX model over raw stream vectors: scaler, projection, gates, head, label units and the average over the heads
 * are all inside, so that nothing of the studio is needed to use it.
 */
import { add, concat, div, matmul, mul, scale, sqrt, squeeze, sub, sum } from '../graph/operators.ts';
import { OPSET, writeOnnx } from '../graph/onnx-writer.ts';
import { constant, input } from '../graph/tensor.ts';
import { layersOf, modelGraph } from './head.ts';
import { architectureOf } from './trained-head.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { LayerTensors } from './head.ts';
import type { StreamTransform } from './preprocess.ts';
import type { TrainedHead } from './trained-head.ts';

/** Name of the open axis, the number of images. */
const BATCH = 'n';
/** The outputs: [n], [n, streams] (gated fusion only) and [n], float32. */
const OUTPUTS = ['score', 'gates', 'score_std'];

/** One input: raw features of a stream, float32 [n, dimension]. */
export type ModelInput = { name: string; stream: string; dimension: number };

export type ExportedModel = {
  onnx: Uint8Array;
  opset: number;
  inputs: ModelInput[];
  /** The streams in the order of the columns of `gates`; null with static fusion. */
  gates: string[] | null;
};

/**
 * The model of these heads, which are of one run: same streams, same layers. Every head has its own preprocessing, since it was fitted
 * on its own training images. The same heads and metadata give the same bytes.
 */
export function exportModel(
  heads: readonly TrainedHead[],
  metadata: Readonly<Record<string, string>>,
): ExportedModel {
  const [first] = heads;
  if (first === undefined) throw new RangeError('a model of no heads');
  const inputs = first.streams.map(({ id, scaler }): ModelInput => ({
    name: OUTPUTS.includes(id) ? `${id}_features` : id,
    stream: id,
    dimension: scaler.mean.length,
  }));
  const raw = inputs.map(({ name, dimension }) => input(name, [BATCH, dimension]));
  const centre = heads.reduce((total, head) => total + head.target.mean, 0) / heads.length;
  const members = heads.map((head) => headGraph(head, raw, centre));
  const { mean, std } = moments(members.map((member) => member.offset));
  const gates = averageGates(members.flatMap((member) => member.gates ?? []));
  const onnx = writeOnnx(
    {
      score: squeeze(add(mean, constant(centre)), 1),
      ...(gates === null ? {} : { gates }),
      score_std: squeeze(std, 1),
    },
    metadata,
  );
  return { onnx, opset: OPSET, inputs, gates: gates === null ? null : first.streams.map(({ id }) => id) };
}

/** One head over raw features: its prediction as an offset from `centre` in label units [n, 1], and its gates [n, streams]. */
function headGraph(
  head: TrainedHead,
  raw: readonly Tensor[],
  centre: number,
): { offset: Tensor; gates: Tensor | null } {
  const architecture = architectureOf(head.streams, head);
  const features = concat(
    head.streams.map((transform, s) => preprocess(transform, raw[s]!)),
    1,
  );
  const layers = layersOf(architecture).map(({ inputs, outputs, weightOffset, biasOffset }, i) => {
    const weight = head.parameters.subarray(weightOffset, biasOffset);
    const bias = head.parameters.subarray(biasOffset, biasOffset + outputs);
    const last = i === architecture.hidden.length;
    return layerTensors(last ? inLabelUnits({ weight, bias }, head.target, centre) : { weight, bias }, [
      outputs,
      inputs,
    ]);
  });
  const { prediction, gates } = modelGraph(architecture, features, layers);
  return { offset: prediction, gates };
}

type Weights = { weight: Float32Array; bias: Float32Array };

function layerTensors({ weight, bias }: Weights, shape: readonly [number, number]): LayerTensors {
  return { weight: constant(weight, shape), bias: constant(bias, [shape[0], 1]) };
}

/** The output layer that gives label units less `centre`: small numbers, in which float32 loses nothing that counts. */
function inLabelUnits(
  { weight, bias }: Weights,
  { mean, std }: TrainedHead['target'],
  centre: number,
): Weights {
  return { weight: weight.map((w) => w * std), bias: bias.map((b) => b * std + (mean - centre)) };
}

/** Standardised and, where the stream has one, projected: [n, dimension] to [n, components]. */
function preprocess({ scaler, projection }: StreamTransform, x: Tensor): Tensor {
  const dimension = scaler.mean.length;
  const vector = (values: Float32Array): Tensor => constant(values, [dimension]);
  // A mean far from zero has no exact float32; subtracted in two parts it costs no digits of the small difference.
  const mean = Float32Array.from(scaler.mean);
  const rest = Float32Array.from(scaler.mean, (value, d) => value - mean[d]!);
  const centred = sub(sub(x, vector(mean)), vector(rest));
  const standardised = div(centred, vector(Float32Array.from(scaler.scale)));
  if (projection === null) return standardised;
  return matmul(standardised, constant(projection.matrix, [dimension, projection.variances.length]));
}

/** Mean and standard deviation (divisor: number of heads) of columns [n, 1], as averageHeads has them. */
function moments(columns: readonly Tensor[]): { mean: Tensor; std: Tensor } {
  const all = concat(columns, 1);
  const average = (x: Tensor): Tensor => scale(sum(x, [1]), 1 / columns.length);
  const mean = average(all);
  const deviation = sub(all, mean);
  return { mean, std: sqrt(average(mul(deviation, deviation))) };
}

function averageGates(gates: readonly Tensor[]): Tensor | null {
  const [first, ...others] = gates;
  if (first === undefined) return null;
  return scale(others.reduce(add, first), 1 / gates.length);
}

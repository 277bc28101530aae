/** The model and its loss in TensorFlow.js, an image a row: the reference for values and gradients. */
import * as tf from '@tensorflow/tfjs-core';
import type { Architecture } from '../../src-main/fusion/head.ts';
import type { LossWeights } from '../../src-main/fusion/training-step.ts';

/** Exact GELU. */
export function tfGelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

/** x [n, in] times weight [out, in] plus bias [out]. */
export function tfLinear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D, false, true), tf.reshape(bias, [-1]));
}

/** 2 sigmoid of the gates' two layers: [n, streams]. */
export function tfGates(z: tf.Tensor, parameters: readonly tf.Tensor[]): tf.Tensor {
  const [w1, b1, w2, b2] = parameters as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return tf.mul(2, tf.sigmoid(tfLinear(tfGelu(tfLinear(z, w1, b1)), w2, b2)));
}

/** Predictions [n] for features [n, width]; `parameters`: weight and bias of each layer in turn; `masks` [units, n] of the hidden ones. */
export function tfModel(
  { streams, hidden, gate }: Architecture,
  features: tf.Tensor,
  parameters: readonly tf.Tensor[],
  masks: readonly tf.Tensor[],
): tf.Tensor {
  const widths = streams.map(({ width }) => width);
  const depth = hidden.length + 1;
  let value = features;
  if (gate !== null) {
    const parts = tf.split(features, widths, 1);
    const source = parts[streams.findIndex(({ id }) => id === gate)]!;
    const gates = tfGates(source, parameters.slice(2 * depth));
    const gated = parts.map((part, s) => tf.mul(part, tf.slice(gates, [0, s], [-1, 1])));
    value = tf.concat(gated, 1);
  }
  for (let i = 0; i < depth; i++) {
    value = tfLinear(value, parameters[2 * i]!, parameters[2 * i + 1]!);
    if (i < depth - 1) value = tf.mul(tfGelu(value), tf.transpose(masks[i]!));
  }
  return tf.squeeze(value, [1]);
}

/** Equations 13 to 16; the pairs come from plain arrays. */
export function tfLoss(prediction: tf.Tensor, targets: Float32Array, weights: LossWeights): tf.Scalar {
  const target = tf.tensor1d(targets);
  const u = tf.sub(prediction, tf.mean(prediction));
  const v = tf.sub(target, tf.mean(target));
  const spread = tf.sqrt(tf.mul(tf.sum(tf.mul(u, u)), tf.sum(tf.mul(v, v))));
  const plcc = tf.div(tf.sum(tf.mul(u, v)), tf.add(spread, 1e-8));
  const signs = pairSigns(targets);
  const signTensor = tf.tensor2d(signs, [targets.length, targets.length]);
  const difference = tf.sub(tf.expandDims(prediction, 1), tf.expandDims(prediction, 0));
  const softplus = tf.mul(tf.softplus(tf.neg(tf.mul(signTensor, difference))), tf.abs(signTensor));
  const rank = tf.div(tf.sum(softplus), signs.filter((s) => s !== 0).length);
  const squaredError = tf.mean(tf.square(tf.sub(prediction, target)));
  const correlation = tf.mul(tf.sub(1, plcc), weights.lambdaPlcc);
  return tf.addN([squaredError, correlation, tf.mul(rank, weights.lambdaRank)]) as tf.Scalar;
}

/** sgn(y_i - y_j) where the pair counts, else 0. */
function pairSigns(targets: Float32Array): Float32Array {
  const n = targets.length;
  return Float32Array.from({ length: n * n }, (_, k) => {
    const difference = targets[Math.floor(k / n)]! - targets[k % n]!;
    return Math.abs(difference) > 1e-3 ? Math.sign(difference) : 0;
  });
}

/**
 * The hybrid training loss (paper, section 2.7, equations 13 to 16) and its slope as a graph. The slope is written out rather than
 * derived, because that takes a third of the operators; what depends on the targets only comes from outside (loss-batch.ts).
 */
import {
  abs,
  add,
  div,
  greater,
  log,
  max,
  min,
  mul,
  relu,
  scale,
  sigmoid,
  sqrt,
  sub,
  sum,
  sumOfSquares,
  transpose,
} from '../graph/operators.ts';
import { constant, input } from '../graph/tensor.ts';
import type { Tensor } from '../graph/tensor.ts';

/** Weights of the correlation and the ranking term beside the squared error (both 0.5 in the paper). */
export type LossWeights = { lambdaPlcc: number; lambdaRank: number };

/** Under this sum of squares a side counts as constant, and 1 - PLCC as 1 without a gradient. */
const SMALLEST_SUM_OF_SQUARES = 1e-12;
const EPSILON = 1e-8;

/** Inputs that a batch's targets y give; scalars have shape [1, 1]. */
export type LossInputs = {
  /** y [batch, 1] */
  target: Tensor;
  /** y - mean(y) [batch, 1] */
  centred: Tensor;
  /** Sum of the squares of `centred`. */
  squares: Tensor;
  /** [batch, batch]: sgn(y_j - y_i) where the pair is ranked, else 0. */
  signs: Tensor;
  /** 1 / batch */
  perImage: Tensor;
  /** 1 / number of ranked ordered pairs; 0 where there are none. */
  perPair: Tensor;
};

/** The inputs of a graph that has the loss, under their own names. */
export function lossInputs(): LossInputs {
  return {
    target: input('target', ['batch', 1]),
    centred: input('centred', ['batch', 1]),
    squares: input('squares', [1, 1]),
    signs: input('signs', ['batch', 'batch']),
    perImage: input('perImage', [1, 1]),
    perPair: input('perPair', [1, 1]),
  };
}

/** A loss [1, 1] and its slope by each prediction [batch, 1]. */
export type Loss = { loss: Tensor; slope: Tensor };

/** Loss of predictions [batch, 1]. */
export function hybridLoss(prediction: Tensor, inputs: LossInputs, weights: LossWeights): Loss {
  const error = squaredError(prediction, inputs);
  const correlation = correlationLoss(prediction, inputs);
  const ranking = rankingLoss(prediction, inputs);
  const total = (part: keyof Loss): Tensor =>
    add(
      error[part],
      add(scale(correlation[part], weights.lambdaPlcc), scale(ranking[part], weights.lambdaRank)),
    );
  return { loss: total('loss'), slope: total('slope') };
}

/** Mean squared error (equation 13). */
function squaredError(prediction: Tensor, { target, perImage }: LossInputs): Loss {
  const error = sub(prediction, target);
  return { loss: mul(sumOfSquares(error), perImage), slope: mul(error, scale(perImage, 2)) };
}

/** 1 - PLCC of the batch (equation 14); the constant 1 where either side is constant. */
function correlationLoss(prediction: Tensor, { centred, squares, perImage }: LossInputs): Loss {
  const u = sub(prediction, mul(sum(prediction, [0]), perImage));
  const uu = sumOfSquares(u);
  const defined = greater(min(uu, squares), constant(SMALLEST_SUM_OF_SQUARES));
  // Where the PLCC is defined the root is larger than this; elsewhere it keeps the masked 0 from becoming NaN.
  const root = max(sqrt(mul(uu, squares)), constant(SMALLEST_SUM_OF_SQUARES));
  const denominator = add(root, constant(EPSILON));
  const plcc = div(sum(mul(u, centred), [0]), denominator);
  // d PLCC / d p = (v - u PLCC vv / root) / denominator
  const along = div(mul(plcc, squares), root);
  const slope = mul(sub(mul(u, along), centred), div(defined, denominator));
  return { loss: sub(constant(1), mul(defined, plcc)), slope };
}

/** Softplus of the negative signed difference, mean over all ordered pairs with different targets (equation 15). */
function rankingLoss(prediction: Tensor, { signs, perPair }: LossInputs): Loss {
  const disagreement = mul(signs, sub(prediction, transpose(prediction)));
  const s = sigmoid(disagreement);
  // softplus(x) = max(x, 0) - log(sigmoid(|x|)), and sigmoid(|x|) is the larger of sigmoid(x) and 1 - sigmoid(x).
  const softplus = sub(relu(disagreement), log(max(s, sub(constant(1), s))));
  const loss = mul(sum(mul(softplus, abs(signs)), [0, 1]), perPair);
  // Pair (j, i) has the same loss as (i, j), so that a prediction's slope is twice that of its row.
  const slope = mul(sum(mul(s, signs), [1]), scale(perPair, 2));
  return { loss, slope };
}

/** The hybrid training loss (paper, section 2.7, equations 13 to 16) as a graph. */
import {
  abs,
  add,
  div,
  greater,
  mean,
  mul,
  negate,
  scale,
  sign,
  softplus,
  sqrt,
  sub,
  sum,
  transpose,
  where,
} from '../graph/operators.ts';
import { constant } from '../graph/tensor.ts';
import type { Tensor } from '../graph/tensor.ts';

/** Weights of the correlation and the ranking term beside the squared error (both 0.5 in the paper). */
export type LossWeights = { lambdaPlcc: number; lambdaRank: number };

/** Pairs whose targets differ by no more than this do not take part in the ranking. */
const SMALLEST_DIFFERENCE = 1e-3;
/** Under this sum of squares a side counts as constant, and 1 - PLCC as 1 without a gradient. */
const SMALLEST_SUM_OF_SQUARES = 1e-12;
const EPSILON = 1e-8;

/** Loss of predictions [batch, 1] against targets [batch, 1], a tensor of shape [1, 1]. */
export function hybridLoss(prediction: Tensor, target: Tensor, weights: LossWeights): Tensor {
  const correlation = scale(correlationLoss(prediction, target), weights.lambdaPlcc);
  const ranking = scale(rankingLoss(prediction, target), weights.lambdaRank);
  return add(squaredError(prediction, target), add(correlation, ranking));
}

/** Mean squared error (equation 13). */
function squaredError(prediction: Tensor, target: Tensor): Tensor {
  const error = sub(prediction, target);
  return mean(mul(error, error), [0]);
}

/** 1 - PLCC of the batch (equation 14); the constant 1 where either side is constant. */
function correlationLoss(prediction: Tensor, target: Tensor): Tensor {
  const u = sub(prediction, mean(prediction, [0]));
  const v = sub(target, mean(target, [0]));
  const uu = sum(mul(u, u), [0]);
  const vv = sum(mul(v, v), [0]);
  const defined = mul(
    greater(uu, constant(SMALLEST_SUM_OF_SQUARES)),
    greater(vv, constant(SMALLEST_SUM_OF_SQUARES)),
  );
  // The root is taken of 1 where the PLCC is undefined: its infinite slope at 0 would turn the masked 0 into NaN.
  const product = where(defined, mul(uu, vv), constant(1));
  const plcc = div(sum(mul(u, v), [0]), add(sqrt(product), constant(EPSILON)));
  return sub(constant(1), mul(defined, plcc));
}

/** Softplus of the negative signed difference, mean over all ordered pairs with different targets (equation 15). */
function rankingLoss(prediction: Tensor, target: Tensor): Tensor {
  const targetDifference = sub(target, transpose(target));
  const different = greater(abs(targetDifference), constant(SMALLEST_DIFFERENCE));
  const agreement = mul(sign(targetDifference), sub(prediction, transpose(prediction)));
  const loss = mul(softplus(negate(agreement)), different);
  const pairs = sum(different, [0, 1]);
  const divisor = where(greater(pairs, constant(0)), pairs, constant(1));
  return div(sum(loss, [0, 1]), divisor);
}

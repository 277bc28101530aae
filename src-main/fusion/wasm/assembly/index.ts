// The kernels of fusion: a training step without its large matrix products, and what the eigenvectors of a covariance take.
// Every function works on addresses that the host lays out (kernel.ts). No allocation, no import.

export { adamW, sumOfSquares } from './adamw';
export { fillDropoutMask } from './dropout';
export { gelu } from './gelu';
export { narrowForward, narrowBackward } from './narrow';
export { toGates, applyGates, backThroughGates } from './gates';
export { hybridLoss } from './loss';
export { tridiagonalize, backTransform } from './tridiagonal';
export { largestEigenvalues } from './bisection';
export { orthogonalize } from './orthogonalize';
export { addColumns, addDeviations, standardize, toSingle } from './columns';

/** Memory before this address belongs to the module. */
export function firstFreeAddress(): usize {
  return __heap_base;
}

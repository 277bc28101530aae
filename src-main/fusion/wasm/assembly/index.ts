// The kernels of fusion: the optimiser's pass, dropout masks, and what the eigenvectors of a covariance take.
// Every function works on addresses that the host lays out (kernel.ts). No allocation, no import.

export { adamW, sumOfSquares } from './adamw';
export { fillDropoutMask } from './dropout';
export { pairSigns } from './pairs';
export { tridiagonalize, backTransform } from './tridiagonal';
export { orthogonalize } from './orthogonalize';

/** Memory before this address belongs to the module. */
export function firstFreeAddress(): usize {
  return __heap_base;
}

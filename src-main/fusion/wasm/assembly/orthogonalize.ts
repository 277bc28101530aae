// Modified Gram-Schmidt.

import { addScaled, dot } from './vectors';

/** Takes the parts along rows 0 .. count-1 of `basis` (orthonormal, `n` float64 each) out of the row that follows them. */
export function orthogonalize(basis: usize, count: i32, n: i32): void {
  const row = <usize>n << 3;
  const vector = basis + <usize>count * row;
  for (let i = 0; i < count; i++) {
    const known = basis + <usize>i * row;
    addScaled(vector, known, -dot(vector, known, n), n);
  }
}

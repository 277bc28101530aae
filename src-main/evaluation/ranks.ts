/** Order and ranks of a column of numbers. */

/** Indices of `values` in ascending order of value; equal values stay in index order. */
export function ascendingOrder(values: Float64Array): Int32Array {
  return Int32Array.from(values.keys()).sort((i, j) => values[i]! - values[j]! || i - j);
}

/** Rank of each value from 0, equal values sharing one (0.1, 0.3, 0.3, 0.7 have 0, 1, 1, 2), and how many there are. */
export function denseRanks(values: Float64Array): { ranks: Int32Array; count: number } {
  const ranks = new Int32Array(values.length);
  let count = 0;
  let previous: number | undefined;
  for (const i of ascendingOrder(values)) {
    if (values[i] !== previous) count++;
    previous = values[i];
    ranks[i] = count - 1;
  }
  return { ranks, count };
}

/** Rank of each value from 1, equal values getting the mean of their places (as scipy.stats.rankdata). */
export function averageRanks(values: Float64Array): Float64Array {
  const order = ascendingOrder(values);
  const ranks = new Float64Array(values.length);
  let start = 0;
  while (start < order.length) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

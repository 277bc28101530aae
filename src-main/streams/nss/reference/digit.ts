/** Features 48-56 of a block: share of leading digits 1..9 of Q over the pixels with Q >= 1; zeros if none. */
export function digitFeatures(quantised: Float64Array): number[] {
  const counts = new Array<number>(9).fill(0);
  let total = 0;
  for (const value of quantised) {
    if (value < 1) continue;
    counts[Number(String(value)[0]) - 1]! += 1;
    total += 1;
  }
  return counts.map((count) => (total > 0 ? count / total : 0));
}

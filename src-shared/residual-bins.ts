/** Histogram of prediction minus MOS, for the window and for reports. */

/** One bar of a histogram: [from, to) in label units. */
export type Bin = { from: number; to: number; count: number };

/** Equal bins, symmetric about zero, so that a bias of the model is visible as a shift. */
export function binResiduals(residuals: readonly number[], bins = 31): Bin[] {
  const reach = residuals.reduce((most, r) => Math.max(most, Math.abs(r)), 0) || 1;
  const width = (2 * reach) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const residual of residuals) {
    const bin = Math.min(bins - 1, Math.floor((residual + reach) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, i) => ({ from: -reach + i * width, to: -reach + (i + 1) * width, count }));
}

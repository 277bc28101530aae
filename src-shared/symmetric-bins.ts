/** Histogram of differences about zero (prediction minus MOS, B minus A), for the window and for reports. */

/** One bar of a histogram: [from, to) in the units of its values. */
export type Bin = { from: number; to: number; count: number };

/** Values all below this are equal for the reader, and too small to cut into bins. */
const NO_DIFFERENCE = 1e-12;

/** Equal bins, symmetric about zero, so that a bias is visible as a shift. */
export function symmetricBins(values: readonly number[], bins = 31): Bin[] {
  const most = values.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
  const reach = most < NO_DIFFERENCE ? 1 : most;
  const width = (2 * reach) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const v of values) counts[Math.min(bins - 1, Math.floor((v + reach) / width))]!++;
  return counts.map((count, i) => ({ from: -reach + i * width, to: -reach + (i + 1) * width, count }));
}

import { NSS_BLOCK_NAMES, NSS_SPATIAL_COUNT } from '../../../src-shared/nss-names.ts';

const FEATURES = NSS_BLOCK_NAMES.length;

/**
 * [mean of 48; std of 48; mean of 21; std of 21] over the blocks, in float64 (nss.md, Aggregation).
 * `values`: blocks x 69, row-major.
 */
export function aggregate(values: Float64Array): Float64Array {
  const mean = columnMeans(values, (value) => value);
  const variance = columnMeans(values, (value, feature) => (value - mean[feature]!) ** 2);
  const std = variance.map(Math.sqrt);
  const descriptor = new Float64Array(2 * FEATURES);
  descriptor.set(mean.subarray(0, NSS_SPATIAL_COUNT), 0);
  descriptor.set(std.subarray(0, NSS_SPATIAL_COUNT), NSS_SPATIAL_COUNT);
  descriptor.set(mean.subarray(NSS_SPATIAL_COUNT), 2 * NSS_SPATIAL_COUNT);
  descriptor.set(std.subarray(NSS_SPATIAL_COUNT), NSS_SPATIAL_COUNT + FEATURES);
  return descriptor;
}

function columnMeans(values: Float64Array, term: (value: number, feature: number) => number): Float64Array {
  const sums = new Float64Array(FEATURES);
  for (let start = 0; start < values.length; start += FEATURES) {
    for (let feature = 0; feature < FEATURES; feature++)
      sums[feature]! += term(values[start + feature]!, feature);
  }
  const blocks = values.length / FEATURES;
  return sums.map((sum) => sum / blocks);
}

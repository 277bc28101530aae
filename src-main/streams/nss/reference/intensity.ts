import { moments, shares } from './moments.ts';

/** Features 0-4 of a block: mean, std, skewness, kurtosis of Y; entropy in bits of the histogram of Q. */
export function intensityFeatures(luma: Float64Array, quantised: Float64Array): number[] {
  const { mean, variance, skewness, kurtosis } = moments(luma);
  return [mean, Math.sqrt(variance), skewness, kurtosis, entropyBits(shares(quantised, 256))];
}

function entropyBits(probabilities: number[]): number {
  let bits = 0;
  for (const p of probabilities) if (p > 0) bits -= p * Math.log2(p);
  return bits;
}

import { moments } from './moments.ts';

/** Features 57-68 of a block: mean, std, skewness of R, G, B; then the covariances RG, RB, GB. */
export function colorFeatures(r: Float64Array, g: Float64Array, b: Float64Array): number[] {
  const perChannel = [r, g, b].flatMap((channel) => {
    const { mean, variance, skewness } = moments(channel);
    return [mean, Math.sqrt(variance), skewness];
  });
  return [...perChannel, covariance(r, g), covariance(r, b), covariance(g, b)];
}

function covariance(a: Float64Array, b: Float64Array): number {
  const meanA = moments(a).mean;
  const meanB = moments(b).mean;
  return a.reduce((sum, value, i) => sum + (value - meanA) * (b[i]! - meanB), 0) / a.length;
}

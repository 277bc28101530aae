/** Population moments of a set of values (nss.md: divide by n everywhere). */
export type Moments = { mean: number; variance: number; skewness: number; kurtosis: number };

/** Mean, variance, skewness m3/m2^1.5 and excess kurtosis m4/m2^2 - 3; the last two 0 where m2 < 1e-6. */
export function moments(values: Float64Array): Moments {
  const n = values.length;
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / n;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (const value of values) {
    const d = value - mean;
    m2 += (d * d) / n;
    m3 += d ** 3 / n;
    m4 += d ** 4 / n;
  }
  const flat = m2 < 1e-6;
  return { mean, variance: m2, skewness: flat ? 0 : m3 / m2 ** 1.5, kurtosis: flat ? 0 : m4 / m2 ** 2 - 3 };
}

/** Histogram over `bins` integer values, divided by the number of values. */
export function shares(values: Float64Array, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[value]! += 1;
  return counts.map((count) => count / values.length);
}

import type { Correlation } from '../../src-shared/analysis.ts';
import { srocc } from './metrics.ts';
import { studentTwoSided } from './student-t.ts';

/**
 * Spearman's rank correlation with the two-sided p-value of the t approximation (scipy.stats.spearmanr); p is null for two
 * values, where the approximation has no degree of freedom. Null where the correlation is undefined.
 */
export function spearman(a: Float64Array, b: Float64Array): Correlation | null {
  const rho = srocc(a, b);
  if (rho === null) return null;
  const df = a.length - 2;
  if (df < 1) return { rho, p: null, n: a.length };
  const t = rho * Math.sqrt(df / ((1 + rho) * (1 - rho)));
  return { rho, p: studentTwoSided(t, df), n: a.length };
}

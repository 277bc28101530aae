/** Do large errors happen where the model, or the raters, were unsure? (spec/fusion.md, Analysis) */
import type { SpreadAnalysis } from '../../src-shared/analysis.ts';
import { ascendingOrder } from './ranks.ts';
import { spearman } from './spearman.ts';

const BINS = 10;

/**
 * Rank correlation of |residual| with a spread in the same units, and means in ten bins of equally many images, smallest
 * spread first. Null where no image has a spread; images without one are left out.
 */
export function errorAgainstSpread(
  prediction: readonly number[],
  mos: readonly number[],
  spread: readonly (number | null)[],
): SpreadAnalysis | null {
  const known = spread.flatMap((value, i) => (value === null ? [] : [i]));
  if (known.length === 0) return null;
  const spreads = Float64Array.from(known, (i) => spread[i]!);
  const errors = Float64Array.from(known, (i) => Math.abs(prediction[i]! - mos[i]!));
  const order = ascendingOrder(spreads);
  const count = Math.min(BINS, order.length);
  const bins = Array.from({ length: count }, (_, bin) => {
    const members = order.subarray(
      Math.floor((bin * order.length) / count),
      Math.floor(((bin + 1) * order.length) / count),
    );
    return {
      n: members.length,
      from: spreads[members[0]!]!,
      to: spreads[members.at(-1)!]!,
      spread: meanAt(spreads, members),
      error: meanAt(errors, members),
    };
  });
  return { correlation: spearman(spreads, errors), bins };
}

function meanAt(values: Float64Array, places: Int32Array): number {
  return places.reduce((total, place) => total + values[place]!, 0) / places.length;
}

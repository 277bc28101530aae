/** Declared scales of labels, and the common scale on which datasets of different scales meet. */
import type { Scale } from './dataset.ts';

/**
 * A score in label units on the common scale: 0 is the bad end of the declared scale, 1 the good end. Linear, so a
 * score outside the declared scale lies outside 0..1; nothing is clamped, because ranks and errors must survive.
 */
export function toCommonScale(value: number, { min, max, better }: Scale): number {
  const share = (value - min) / (max - min);
  return better === 'higher' ? share : 1 - share;
}

/** The inverse of toCommonScale: a common-scale value in the label units of `scale`. */
export function fromCommonScale(value: number, { min, max, better }: Scale): number {
  return min + (better === 'higher' ? value : 1 - value) * (max - min);
}

import type { RunDetail } from '../../src-shared/runs.ts';

/** Per fold, loss and learning rate by epoch (from 1). */
export type Curves = RunDetail['curves'];

/** Stored curves completed by live ones: per fold every epoch once, the live one where both have it. */
export function mergeCurves(stored: Curves, live: Curves): Curves {
  const folds = new Set([...stored, ...live].map((curve) => curve.fold));
  return [...folds]
    .sort((a, b) => a - b)
    .map((fold) => {
      const byEpoch = new Map(
        [...stored, ...live]
          .filter((curve) => curve.fold === fold)
          .flatMap((curve) => curve.epochs.map((point) => [point.epoch, point] as const)),
      );
      return { fold, epochs: [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch) };
    });
}

import { SvelteMap } from 'svelte/reactivity';
import type { RunDetail } from '../../src-shared/runs.ts';
import type { EventStream } from './events.svelte.ts';

export type Curves = RunDetail['curves'];

/** Loss and learning-rate curves of the runs that train now, fed by the event stream, per run and fold. */
export class LiveCurves {
  #runs = new SvelteMap<number, Curves>();
  #stop: () => void;

  constructor(events: EventStream) {
    this.#stop = events.listen((event) => {
      if (event.type !== 'epoch') return;
      const { run, fold, epoch, loss, lr } = event;
      const folds = this.#runs.get(run) ?? [];
      const known = folds.find((curve) => curve.fold === fold)?.epochs ?? [];
      const epochs = [...known.filter((point) => point.epoch < epoch), { epoch, loss, lr }];
      const others = folds.filter((curve) => curve.fold !== fold);
      this.#runs.set(
        run,
        [...others, { fold, epochs }].sort((a, b) => a.fold - b.fold),
      );
    });
  }

  /** What was heard of a run since the window opened. */
  of(run: number): Curves {
    return this.#runs.get(run) ?? [];
  }

  destroy(): void {
    this.#stop();
  }
}

/** Stored curves completed by live ones: per fold the longer one. */
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

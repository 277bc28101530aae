import { SvelteMap } from 'svelte/reactivity';
import type { Curves } from '../charts/merge-curves.ts';
import type { EventStream } from './events.svelte.ts';

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

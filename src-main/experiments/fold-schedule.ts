/** One fold of a run to train, or, with fold null, a run whose folds are all done to evaluate. */
export type Work = { run: number; fold: number | null };

/**
 * Which work a compute process takes next. Folds of the same number share their preprocessing across the runs of an ablation, so
 * a process stays with its fold while there is work; then it takes a fold that nobody works on, and last it helps with another's.
 */
export class FoldSchedule {
  readonly #waiting = new Map<number, number[]>();
  readonly #evaluations: number[] = [];
  readonly #unfinished = new Map<number, number>();
  readonly #busy = new Map<number, number>();
  /** Folds to train. */
  readonly folds: number;

  /** `runs` with the folds that each of them still lacks. */
  constructor(runs: readonly { run: number; folds: readonly number[] }[]) {
    for (const { run, folds } of runs) {
      if (folds.length === 0) this.#evaluations.push(run);
      else this.#unfinished.set(run, folds.length);
      for (const fold of folds) this.#waiting.set(fold, [...(this.#waiting.get(fold) ?? []), run]);
    }
    this.folds = runs.reduce((sum, { folds }) => sum + folds.length, 0);
  }

  /** The next work for a process that has the preprocessing of fold `current`; null: there is none now. */
  next(current: number | null): Work | null {
    const run = this.#evaluations.shift();
    if (run !== undefined) return { run, fold: null };
    const fold = this.#choose(current);
    if (fold === null) return null;
    const [first, ...others] = this.#waiting.get(fold)!;
    if (others.length === 0) this.#waiting.delete(fold);
    else this.#waiting.set(fold, others);
    this.#busy.set(fold, (this.#busy.get(fold) ?? 0) + 1);
    return { run: first!, fold };
  }

  /** Folds that nobody has taken yet. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, runs) => sum + runs.length, 0);
  }

  /** Says that a work is done and stored; the last fold of a run makes its evaluation the next work. */
  finish({ run, fold }: Work): void {
    if (fold === null) return;
    this.#busy.set(fold, this.#busy.get(fold)! - 1);
    const left = this.#unfinished.get(run)! - 1;
    this.#unfinished.set(run, left);
    if (left === 0) this.#evaluations.push(run);
  }

  #choose(current: number | null): number | null {
    if (current !== null && this.#waiting.has(current)) return current;
    const folds = [...this.#waiting.keys()].sort((a, b) => a - b);
    const free = folds.find((fold) => (this.#busy.get(fold) ?? 0) === 0);
    if (free !== undefined) return free;
    const waiting = (fold: number): number => this.#waiting.get(fold)!.length;
    return folds.length === 0 ? null : folds.reduce((a, b) => (waiting(b) > waiting(a) ? b : a));
  }
}

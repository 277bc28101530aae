import { api, errorOf, isAborted } from '../api.ts';
import type { LogisticPlcc, PairedComparison } from '../../src-shared/analysis.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';

/** One run beside the baseline: what was computed, or why it could not be. */
export type PairedAnswer = {
  paired: PairedComparison | ErrorShape | null;
  logistic: LogisticPlcc | null;
};

/** Asks for the intervals of one run after the other, so that the first ones show while the others are computed. */
export class PairedAnswers {
  answers = $state.raw<Readonly<Record<number, PairedAnswer>>>({});
  #abort = new AbortController();

  /** Runs that are known not to share images with the baseline (`paired: false`) are asked for their own figures only. */
  constructor(runs: readonly { run: number; paired: boolean }[], baseline: number) {
    void this.#askAll(runs, baseline);
  }

  /** How many runs have their answer. */
  get done(): number {
    return Object.keys(this.answers).length;
  }

  destroy(): void {
    this.#abort.abort();
  }

  async #askAll(runs: readonly { run: number; paired: boolean }[], baseline: number): Promise<void> {
    for (const { run, paired } of runs) {
      const answer = await this.#ask(run, paired ? baseline : run);
      if (this.#abort.signal.aborted) return;
      this.answers = { ...this.answers, [run]: answer };
    }
  }

  async #ask(run: number, baseline: number): Promise<PairedAnswer> {
    const { signal } = this.#abort;
    const orError = (error: unknown) => (isAborted(error) ? null : errorOf(error));
    const [paired, logistic] = await Promise.all([
      run === baseline ? null : api.analysis.paired.query({ run, baseline }, { signal }).catch(orError),
      api.analysis.logistic.query({ run }, { signal }).catch(() => null),
    ]);
    return { paired, logistic };
  }
}

import { errorOf } from '../api.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { Job } from '../../src-shared/jobs.ts';
import type { Studio } from './studio.svelte.ts';

/** The result of a scoring job, fetched when the job is done; made where a component starts, for as long as it lives. */
export class ScoringResult<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ErrorShape | null>(null);
  #studio: Studio;
  #id: () => number | null;

  constructor(studio: Studio, id: () => number | null, fetch: (job: number) => Promise<T>) {
    this.#studio = studio;
    this.#id = id;
    $effect(() => {
      const job = this.#finished;
      this.data = null;
      this.error = null;
      if (job === null) return;
      let over = false;
      fetch(job).then(
        (data) => !over && (this.data = data),
        (failure: unknown) => !over && (this.error = errorOf(failure)),
      );
      return () => (over = true);
    });
  }

  /** Whose result to fetch. Jobs beyond the list's end are asked for too: the engine knows whether there is one. */
  #finished = $derived.by<number | null>(() => {
    const known = this.job;
    return this.#studio.jobs.loaded && (known === null || known.status === 'done') ? this.#id() : null;
  });

  /** The job as the list of jobs has it. */
  get job(): Job | null {
    return this.#studio.jobs.find(this.#id());
  }
}

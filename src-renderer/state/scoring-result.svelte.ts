import { untrack } from 'svelte';
import { api, errorOf } from '../api.ts';
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
      const wanted = this.#wanted;
      this.data = null;
      this.error = null;
      if (wanted === null) return;
      const listed = untrack(() => this.job !== null);
      let over = false;
      const load = async (): Promise<void> => {
        try {
          // Not in the list: only just started, or older than the list goes back. The engine knows.
          if (!listed && (await api.jobs.get.query({ id: wanted })).status !== 'done') return;
          const data = await fetch(wanted);
          if (!over) this.data = data;
        } catch (failure) {
          if (!over) this.error = errorOf(failure);
        }
      };
      void load();
      return () => (over = true);
    });
  }

  /** The job whose result may be there: done, or not in the list of jobs. */
  #wanted = $derived.by<number | null>(() => {
    const known = this.job;
    return this.#studio.jobs.loaded && (known === null || known.status === 'done') ? this.#id() : null;
  });

  /** The job as the list of jobs has it. */
  get job(): Job | null {
    return this.#studio.jobs.find(this.#id());
  }
}

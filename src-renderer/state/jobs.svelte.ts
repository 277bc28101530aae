import { api, errorOf } from '../api.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { Job, JobAction } from '../../src-shared/jobs.ts';
import type { EventStream } from './events.svelte.ts';

const ACTIVE = new Set<Job['status']>(['queued', 'running', 'paused']);

/** All jobs, newest first: loaded once, then kept by events, and loaded again when the stream reconnects. */
export class JobList {
  all = $state.raw<Job[]>([]);
  loaded = $state(false);
  error = $state.raw<ErrorShape | null>(null);
  active = $derived(this.all.filter((job) => ACTIVE.has(job.status)));
  finished = $derived(this.all.filter((job) => !ACTIVE.has(job.status)));
  #stop: () => void;

  constructor(events: EventStream) {
    this.#stop = events.listen((event) => {
      if (event.type === 'hello') void this.load();
      if (event.type === 'job') this.#put(event.job);
    });
    void this.load();
  }

  /** The job with this id, as far as it is known. */
  find(id: number | null): Job | null {
    return id === null ? null : (this.all.find((job) => job.id === id) ?? null);
  }

  async load(): Promise<void> {
    try {
      this.all = await api.jobs.list.query();
      this.error = null;
    } catch (error) {
      this.error = errorOf(error);
    }
    this.loaded = true;
  }

  /** Acts on a job; gives the job as it is then, a new one for a retry. */
  async act(id: number, action: JobAction): Promise<Job> {
    const job = await api.jobs.act.mutate({ id, action });
    this.#put(job);
    return job;
  }

  async clearFinished(): Promise<void> {
    await api.jobs.clearFinished.mutate();
    await this.load();
  }

  destroy(): void {
    this.#stop();
  }

  #put(job: Job): void {
    const at = this.all.findIndex((known) => known.id === job.id);
    this.all = at === -1 ? [job, ...this.all] : this.all.with(at, job);
  }
}

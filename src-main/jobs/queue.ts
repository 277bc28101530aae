import { StudioError, errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import { JOB_LANES, type Job, type JobAction, type JobFailure, type JobKind } from '../../src-shared/jobs.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { StoredJob } from '../catalog/jobs.ts';
import type { EventHub } from './events.ts';
import { Rate } from './rate.ts';

/** What a running job may do: report, note a failed item, and see that it has to stop. */
export type JobControl = {
  /** Aborted by cancel, pause and shutdown. A job stops soon, leaves finished work in the catalog, and throws or returns. */
  readonly signal: AbortSignal;
  /** Why the signal was aborted; null before. */
  intent(): StopIntent | null;
  progress(state: { done?: number; total?: number; message?: string }): void;
  /** Notes an item that failed; the job goes on. */
  fail(item: string, error: ErrorShape): void;
};

/** Runs one kind of job. It must be resumable: started again, it skips what the catalog already holds. */
export type JobHandler<P> = (payload: P, control: JobControl, job: number) => Promise<unknown>;

export type StopIntent = 'cancel' | 'pause' | 'shutdown';
type Running = { stop: AbortController; intent: StopIntent | null; finished: Promise<void> };
type Live = StoredJob & { rate: Rate };

const SAVE_EVERY_MS = 1000;
const EMIT_EVERY_MS = 200;

/** The persistent job queue: what is not finished is in the catalog, and a restarted engine goes on with it. */
export class JobQueue {
  readonly #writer: CatalogWriter;
  readonly #reader: CatalogReader;
  readonly #events: EventHub;
  readonly #handlers = new Map<JobKind, JobHandler<unknown>>();
  /** Jobs that are queued, running or paused (and failed where that could not be saved). Others are in the catalog. */
  readonly #live = new Map<number, Live>();
  readonly #running = new Map<number, Running>();
  #closing = false;

  constructor(parts: { writer: CatalogWriter; reader: CatalogReader; events: EventHub }) {
    this.#writer = parts.writer;
    this.#reader = parts.reader;
    this.#events = parts.events;
  }

  /** Names the function that runs jobs of a kind; the payload is what `add` was given. */
  handle<P>(kind: JobKind, handler: JobHandler<P>): void {
    this.#handlers.set(kind, handler as JobHandler<unknown>);
  }

  /** Takes up what a previous engine left: running and queued jobs run (again), paused ones stay paused. */
  async restore(): Promise<void> {
    for (const stored of this.#reader.jobs.unfinished()) {
      const job: Live = { ...stored, rate: new Rate() };
      if (job.kind === 'scan') {
        // What a scan found was only in memory.
        const error = new StudioError('cancelled', 'The engine stopped during this scan', {
          hint: 'Scan the folder again.',
        });
        await this.#finish(job, 'failed', error.toShape());
        continue;
      }
      if (job.status === 'running') job.status = 'queued';
      this.#live.set(job.id, job);
    }
    this.#startNext();
  }

  /** Queues a job and returns its id. */
  async add(kind: JobKind, title: string, payload: unknown): Promise<number> {
    const id = await this.#writer.createJob(kind, title, payload);
    this.#live.set(id, { ...this.#reader.jobs.get(id), rate: new Rate() });
    this.#emit(id);
    this.#startNext();
    return id;
  }

  /** Newest first. */
  list(limit = 200): Job[] {
    return this.#reader.jobs.recent(limit).map((stored) => this.#view(this.#live.get(stored.id) ?? stored));
  }

  get(id: number): Job {
    return this.#view(this.#live.get(id) ?? this.#reader.jobs.get(id));
  }

  /** The unfinished job that `matches` says yes to, or null. */
  findLive(matches: (job: Pick<StoredJob, 'kind' | 'payload' | 'status'>) => boolean): number | null {
    for (const job of this.#live.values()) if (job.status !== 'failed' && matches(job)) return job.id;
    return null;
  }

  failures(id: number): JobFailure[] {
    return this.#reader.jobs.failures(id);
  }

  /** Cancels, pauses, resumes or retries. Throws StudioError conflict where the action makes no sense now. */
  async act(id: number, action: JobAction): Promise<Job> {
    const job = this.get(id);
    if (!job.actions.includes(action)) {
      throw new StudioError('conflict', `Job ${id} is ${job.status}: it can not be ${PAST[action]}`, {
        hint: job.actions.length === 0 ? 'It is finished.' : `Possible now: ${job.actions.join(', ')}.`,
      });
    }
    if (action === 'retry') return this.get(await this.#retry(id));
    const live = this.#live.get(id)!;
    if (action === 'resume') {
      live.status = 'queued';
      await this.#save(live);
      this.#emit(id);
      this.#startNext();
    } else {
      await this.#stop(live, action);
    }
    return this.get(id);
  }

  async clearFinished(): Promise<void> {
    await this.#writer.clearFinishedJobs();
  }

  /** Resolves when the job is no longer queued or running (done, failed, cancelled, paused). */
  async wait(id: number): Promise<Job> {
    if (!isActive(this.get(id))) return this.get(id);
    return new Promise((resolve) => {
      const stop = this.#events.subscribe((event) => {
        if (event.type !== 'job' || event.job.id !== id || isActive(event.job)) return;
        stop();
        resolve(event.job);
      });
    });
  }

  /** Stops everything; running jobs stay "running" in the catalog, so the next engine resumes them. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      [...this.#running.values()].map((running) => {
        running.intent ??= 'shutdown';
        running.stop.abort();
        return running.finished;
      }),
    );
  }

  async #retry(id: number): Promise<number> {
    const { kind, title, payload } = this.#reader.jobs.get(id);
    return this.add(kind, title, payload);
  }

  async #stop(job: Live, intent: 'cancel' | 'pause'): Promise<void> {
    if (job.status !== 'running' && intent === 'pause') {
      job.status = 'paused';
      await this.#save(job);
      this.#emit(job.id);
      return;
    }
    // A job that waits is started with its signal aborted, so that its handler can undo what queuing it announced.
    if (job.status !== 'running') this.#start(job, intent);
    const running = this.#running.get(job.id)!;
    running.intent = intent;
    running.stop.abort();
    await running.finished;
  }

  #startNext(): void {
    if (this.#closing) return;
    const busy = new Set([...this.#running.keys()].map((id) => JOB_LANES[this.#live.get(id)!.kind]));
    for (const job of this.#live.values()) {
      if (job.status !== 'queued' || busy.has(JOB_LANES[job.kind])) continue;
      busy.add(JOB_LANES[job.kind]);
      this.#start(job);
    }
  }

  #start(job: Live, intent: StopIntent | null = null): void {
    const running: Running = { stop: new AbortController(), intent, finished: Promise.resolve() };
    if (intent !== null) running.stop.abort();
    this.#running.set(job.id, running);
    job.status = 'running';
    job.startedAt ??= new Date().toISOString();
    job.failed = 0;
    job.rate = new Rate();
    running.finished = this.#run(job, running);
  }

  async #run(job: Live, running: Running): Promise<void> {
    let lastSave = 0;
    let lastEmit = 0;
    let failures: JobFailure[] = [];
    const flush = async () => {
      const batch = failures;
      failures = [];
      if (batch.length > 0) await this.#writer.addJobFailures(job.id, batch);
      await this.#save(job);
    };
    const control: JobControl = {
      signal: running.stop.signal,
      intent: () => running.intent,
      progress: ({ done, total, message }) => {
        if (total !== undefined) job.total = total;
        if (done !== undefined) {
          if (done < job.done) job.rate = new Rate(); // a new stage counts from the start
          job.done = done;
          job.rate.mark(done);
        }
        const stageChanged = message !== undefined && stageOf(message) !== stageOf(job.message);
        if (message !== undefined) job.message = message;
        const now = performance.now();
        if (now - lastEmit > EMIT_EVERY_MS || stageChanged) {
          lastEmit = now;
          this.#emit(job.id);
        }
        if (now - lastSave > SAVE_EVERY_MS) {
          lastSave = now;
          flush().catch(() => undefined); // the flush at the end of the job reports it
        }
      },
      fail: (item, error) => {
        job.failed++;
        failures.push({ item, error });
      },
    };
    this.#emit(job.id);
    try {
      await this.#save(job);
      await this.#writer.clearJobFailures(job.id);
      const handler = this.#handlers.get(job.kind);
      if (handler === undefined) throw new StudioError('internal', `No handler for job kind ${job.kind}`);
      const result = await handler(job.payload, control, job.id);
      await flush();
      if (running.stop.signal.aborted) throw new StudioError('cancelled', 'Stopped');
      job.result = result;
      this.#running.delete(job.id);
      await this.#finish(job, 'done', null);
    } catch (error) {
      // Where the catalog can not be written (a full disk) the job still has to end, and its lane to go on.
      await flush().catch(() => undefined);
      this.#running.delete(job.id);
      if (running.intent === 'shutdown') return; // stays "running" in the catalog
      if (running.intent === 'pause') {
        job.status = 'paused';
        await this.#save(job).catch(() => undefined); // unsaved, it counts as running and the next engine resumes it
        this.#emit(job.id);
      } else if (running.intent === 'cancel') {
        await this.#finish(job, 'cancelled', null);
      } else {
        await this.#finish(job, 'failed', errorShape(error));
      }
    } finally {
      this.#startNext();
    }
  }

  async #finish(job: Live, status: 'done' | 'failed' | 'cancelled', error: ErrorShape | null): Promise<void> {
    job.status = status;
    if (status === 'done') job.message = ''; // it said what was being done
    job.error = error;
    job.finishedAt = new Date().toISOString();
    try {
      await this.#save(job);
      this.#live.delete(job.id);
    } catch (unsaved) {
      // Kept here as failed; in the catalog it is unfinished, and the next engine goes on with it.
      job.status = 'failed';
      job.error = errorShape(unsaved);
    }
    this.#events.emit({ type: 'job', job: this.#view(job) });
  }

  async #save(job: StoredJob): Promise<void> {
    await this.#writer.saveJob(job.id, job);
  }

  #emit(id: number): void {
    this.#events.emit({ type: 'job', job: this.get(id) });
  }

  #view(job: StoredJob | Live): Job {
    const { payload: _payload, ...rest } = job;
    const rate = 'rate' in job && job.status === 'running' ? job.rate : null;
    return {
      ...rest,
      rate: rate?.perSecond() ?? null,
      etaSeconds: rate?.etaSeconds(job.total) ?? null,
      actions: actionsOf(job),
    };
  }
}

const PAST: Record<JobAction, string> = {
  cancel: 'cancelled',
  pause: 'paused',
  resume: 'resumed',
  retry: 'retried',
};

/** A message without its numbers: progress within a stage changes only those, and waits for its turn. */
function stageOf(message: string): string {
  return message.replace(/\d+/g, '');
}

function isActive(job: Job): boolean {
  return job.status === 'queued' || job.status === 'running';
}

function actionsOf(job: StoredJob): JobAction[] {
  switch (job.status) {
    case 'queued':
    case 'running':
      return job.kind === 'scan' ? ['cancel'] : ['cancel', 'pause'];
    case 'paused':
      return ['resume', 'cancel'];
    case 'failed':
    case 'cancelled':
      return job.kind === 'scan' ? [] : ['retry'];
    case 'done':
      return job.kind === 'extract' && job.failed > 0 ? ['retry'] : [];
  }
}

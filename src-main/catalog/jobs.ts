import type { ErrorShape } from '../../src-shared/errors.ts';
import type { JobFailure, JobKind, JobStatus } from '../../src-shared/jobs.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { Db } from './open.ts';

/** A job row with its JSON parsed. */
export type StoredJob = {
  id: number;
  kind: JobKind;
  title: string;
  payload: unknown;
  status: JobStatus;
  done: number;
  total: number;
  failed: number;
  message: string;
  error: ErrorShape | null;
  result: unknown;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
};

type JobRow = Omit<StoredJob, 'payload' | 'error' | 'result' | 'createdAt' | 'startedAt' | 'finishedAt'> & {
  payload: string;
  error: string | null;
  result: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
};

/** What the queue writes of a job while it runs. */
export type JobState = Pick<
  StoredJob,
  'status' | 'done' | 'total' | 'failed' | 'message' | 'error' | 'result' | 'startedAt' | 'finishedAt'
>;

/** Reading side of jobs. */
export function jobReads(db: Db) {
  const recent = db.prepare<[number], JobRow>(
    // What was scored may be megabytes; only `get` gives it.
    `SELECT *, CASE WHEN kind IN ('predict', 'compare-folders') THEN NULL ELSE result END AS result
       FROM jobs ORDER BY id DESC LIMIT ?`,
  );
  const unfinished = db.prepare<[], JobRow>(
    `SELECT * FROM jobs WHERE status IN ('queued', 'running', 'paused') ORDER BY id`,
  );
  const ofImage = db.prepare<[string, number], JobRow>(
    `SELECT * FROM jobs WHERE kind = ? AND payload ->> 'image' = ? ORDER BY id DESC`,
  );
  const byId = db.prepare<[number], JobRow>('SELECT * FROM jobs WHERE id = ?');
  const failures = db.prepare<[number], { item: string; error: string }>(
    'SELECT item, error FROM job_failures WHERE job_id = ? ORDER BY item LIMIT 1000',
  );
  return {
    recent: (limit: number) => recent.all(limit).map(parse),
    unfinished: () => unfinished.all().map(parse),
    /** Jobs of a kind whose payload names this image, newest first. */
    ofImage: (kind: JobKind, image: number) => ofImage.all(kind, image).map(parse),
    get(id: number): StoredJob {
      const row = byId.get(id);
      if (row === undefined)
        throw new StudioError('not-found', `There is no job ${id}`, { hint: 'List the jobs: studio jobs.' });
      return parse(row);
    },
    failures: (id: number): JobFailure[] =>
      failures.all(id).map((f) => ({ item: f.item, error: JSON.parse(f.error) as ErrorShape })),
  };
}

/** Writing side of jobs. */
export function jobWrites(db: Db) {
  const insert = db.prepare(
    `INSERT INTO jobs (kind, title, payload, status, created_at) VALUES (?, ?, ?, 'queued', ?)`,
  );
  const update = db.prepare(
    `UPDATE jobs SET status=@status, done=@done, total=@total, failed=@failed, message=@message, error=@error, result=@result,
       started_at=@startedAt, finished_at=@finishedAt WHERE id=@id`,
  );
  const addFailure = db.prepare('INSERT OR REPLACE INTO job_failures (job_id, item, error) VALUES (?, ?, ?)');
  const clearFailures = db.prepare('DELETE FROM job_failures WHERE job_id = ?');
  const clear = db.prepare(`DELETE FROM jobs WHERE status IN ('done', 'failed', 'cancelled')`);
  return {
    createJob(kind: JobKind, title: string, payload: unknown): number {
      return Number(
        insert.run(kind, title, JSON.stringify(payload), new Date().toISOString()).lastInsertRowid,
      );
    },
    saveJob(id: number, state: JobState): void {
      update.run({
        ...state,
        id,
        error: state.error === null ? null : JSON.stringify(state.error),
        result: state.result === undefined || state.result === null ? null : JSON.stringify(state.result),
      });
    },
    addJobFailures(id: number, failures: JobFailure[]): void {
      for (const f of failures) addFailure.run(id, f.item, JSON.stringify(f.error));
    },
    clearJobFailures(id: number): void {
      clearFailures.run(id);
    },
    clearFinishedJobs(): void {
      clear.run();
    },
  };
}

function parse(row: JobRow): StoredJob {
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    payload: JSON.parse(row.payload) as unknown,
    status: row.status,
    done: row.done,
    total: row.total,
    failed: row.failed,
    message: row.message,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorShape),
    result: row.result === null ? null : (JSON.parse(row.result) as unknown),
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

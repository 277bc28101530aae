import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';
import { folderComparison, type FolderComparison } from '../../src-shared/folder-comparison.ts';
import type { JobKind, PredictResult } from '../../src-shared/jobs.ts';
import type { JobQueue } from '../jobs/queue.ts';

/** Results that stay parsed: a table of thumbnails asks for the same one over and over. */
const KEPT = 4;

/** What finished jobs that score pictures have found. Results never change, so the last few are kept. */
export class JobResults {
  readonly #queue: JobQueue;
  readonly #kept = new Map<number, { kind: JobKind; result: unknown }>();

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  /** Throws StudioError not-found where the job is not a finished comparison, corrupt where its result is of another form. */
  comparison(job: number): FolderComparison {
    const parsed = folderComparison.safeParse(this.#result(job, ['compare-folders']).result);
    if (parsed.success) return parsed.data as FolderComparison;
    throw new StudioError('corrupt', `The result of job ${job} is not a comparison of this version`, {
      hint: 'Compare the folders again.',
    });
  }

  /** Throws StudioError not-found where the job is not a finished prediction. */
  prediction(job: number): PredictResult {
    return this.#result(job, ['predict']).result as PredictResult;
  }

  /**
   * The picture at a position of a job's result: of a prediction the n-th, of a comparison A of pair n / 2 or B after it.
   * Throws StudioError not-found.
   */
  picture(job: number, position: number): string {
    const { kind, result } = this.#result(job, ['predict', 'compare-folders']);
    const file =
      kind === 'predict'
        ? (result as PredictResult).predictions[position]?.image
        : pairFile(result as FolderComparison, position);
    if (file === undefined) throw new StudioError('not-found', `Job ${job} has no picture ${position}`);
    return file;
  }

  #result(id: number, kinds: readonly JobKind[]): { kind: JobKind; result: unknown } {
    const kept = this.#kept.get(id);
    if (kept !== undefined && kinds.includes(kept.kind)) return kept;
    const job = this.#queue.get(id);
    if (!kinds.includes(job.kind) || job.status !== 'done') {
      throw new StudioError('not-found', `Job ${id} has no result of this kind (${job.kind}, ${job.status})`);
    }
    const found = { kind: job.kind, result: job.result };
    this.#kept.set(id, found);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return found;
  }
}

function pairFile({ pairs, a, b }: FolderComparison, position: number): string | undefined {
  const pair = pairs[Math.floor(position / 2)];
  if (pair === undefined) return undefined;
  return position % 2 === 0 ? path.join(a, pair.a.file) : path.join(b, pair.b.file);
}

import { StudioError } from '../../src-shared/errors.ts';
import type { OcclusionCells, OcclusionFill, OcclusionJob, OcclusionMap } from '../../src-shared/inspect.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import type { OcclusionPayload } from '../jobs/occlusion.ts';
import type { Services } from './services.ts';

/**
 * Queues an occlusion map, or gives the job that made the same one or is about to. Throws 'bad-input' for runs without heads
 * and 'not-available' for an image without a file.
 */
export async function startOcclusion(
  { reader, queue }: Services,
  input: { id: number; run: number; cells: OcclusionCells; fill: OcclusionFill },
): Promise<{ job: number }> {
  const { id: image, run: runId, cells, fill } = input;
  const run = reader.runs.get(runId);
  requireHeads(run);
  const { name, content, status } = reader.images.get(image);
  if (status !== 'ok') {
    throw new StudioError('not-available', `${name} is ${status}: there is nothing to cover`, {
      hint: 'Import the folder again when the file is back.',
    });
  }
  const payload: OcclusionPayload = { run: runId, image, content, cells, fill };
  const same = reader.jobs
    .ofImage('occlusion', image)
    .find((job) => job.status !== 'failed' && job.status !== 'cancelled' && isSame(job.payload, payload));
  if (same !== undefined) return { job: same.id };
  return { job: await queue.add('occlusion', `Occlusion map of ${name}, run ${runId}`, payload) };
}

/** The occlusion maps of an image's present content, newest first, and those on their way. */
export function occlusionJobs({ reader, queue }: Services, image: number): OcclusionJob[] {
  const { content } = reader.images.get(image);
  return reader.jobs.ofImage('occlusion', image).flatMap(({ id, payload }) => {
    const named = payload as OcclusionPayload;
    if (named.content !== content) return [];
    const { status, error, result } = queue.get(id);
    const map = status === 'done' ? (result as OcclusionMap) : null;
    return [{ job: id, run: named.run, fill: named.fill, cells: named.cells, status, error, map }];
  });
}

function isSame(a: unknown, b: OcclusionPayload): boolean {
  const other = a as OcclusionPayload;
  return (['run', 'image', 'content', 'cells', 'fill'] as const).every((key) => other[key] === b[key]);
}

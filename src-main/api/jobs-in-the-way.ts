import { StudioError } from '../../src-shared/errors.ts';
import { runsOf, type ExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { ExperimentPayload } from '../jobs/experiment.ts';
import type { ExtractPayload } from '../jobs/extract.ts';
import type { LadderCheckPayload } from '../jobs/ladder-check.ts';
import type { Services } from './services.ts';

/** Throws StudioError conflict while an unfinished job extracts or trains on this dataset. */
export function requireNoJobOnDataset({ queue, reader }: Services, dataset: number): void {
  const job = queue.findLive(({ kind, payload }) => {
    if (kind === 'extract') return (payload as ExtractPayload).dataset === dataset;
    if (kind === 'ladder-check') return (payload as LadderCheckPayload).dataset === dataset;
    if (kind !== 'experiment') return false;
    return reader.runs
      .ofExperiment((payload as ExperimentPayload).experiment)
      .some((r) => r.dataset === dataset || r.train?.dataset === dataset);
  });
  if (job !== null) throw inTheWay(job, 'is working on this dataset');
}

/** Throws StudioError conflict while an unfinished job trains this experiment. */
export function requireNoJobOnExperiment({ queue }: Services, experiment: number | null): void {
  const job = queue.findLive(
    ({ kind, payload }) => kind === 'experiment' && (payload as ExperimentPayload).experiment === experiment,
  );
  if (job !== null) throw inTheWay(job, 'is training this run');
}

/**
 * Throws StudioError conflict while features that an experiment needs are extracted: its images would change before they are trained on.
 * A paused extraction is not in the way.
 */
export function requireNoExtraction({ queue, reader }: Services, spec: ExperimentSpec): void {
  const streams = new Set(runsOf(spec).flatMap((run) => run.spec.streams));
  for (const name of new Set([spec.train, spec.test ?? spec.train])) {
    const { id } = reader.datasets.named(name);
    const job = queue.findLive(
      (live) => live.status !== 'paused' && [...streams].some((stream) => extracts(live, id, stream)),
    );
    if (job === null) continue;
    throw new StudioError('conflict', `Features of "${name}" are still being extracted`, {
      hint: 'Start the experiment when that job is done, or pause it to train on what is there.',
    });
  }
}

/** Whether a job extracts this stream of this dataset. */
export function extracts(
  { kind, payload }: { kind: string; payload: unknown },
  dataset: number,
  stream: string,
): boolean {
  if (kind !== 'extract') return false;
  const extraction = payload as ExtractPayload;
  return extraction.dataset === dataset && extraction.streams.includes(stream);
}

function inTheWay(job: number, what: string): StudioError {
  return new StudioError('conflict', `Job ${job} ${what}`, {
    hint: `Cancel it first: studio jobs cancel ${job}.`,
  });
}

import { StudioError } from '../../src-shared/errors.ts';
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

function inTheWay(job: number, what: string): StudioError {
  return new StudioError('conflict', `Job ${job} ${what}`, {
    hint: `Cancel it first: studio jobs cancel ${job}.`,
  });
}

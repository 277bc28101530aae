import { api, errorOf } from '../api.ts';
import type { DatasetSummary, ImportOptions, ScanReport } from '../../src-shared/dataset.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import type { Job } from '../../src-shared/jobs.ts';
import type { Studio } from './studio.svelte.ts';

export type Step = 'choose' | 'scanning' | 'ask' | 'report' | 'failed';

/** The way of a folder into the catalog: choose, scan (a job), answer what is unclear, accept the report. */
export class AddDatasetFlow {
  error = $state.raw<ErrorShape | null>(null);
  importing = $state(false);
  #studio: Studio;
  #where: () => { folder: string | null; job: number | null };

  constructor(studio: Studio, where: () => { folder: string | null; job: number | null }) {
    this.#studio = studio;
    this.#where = where;
  }

  job = $derived.by<Job | null>(() => this.#studio.jobs.find(this.#where().job));
  report = $derived.by<ScanReport | null>(() =>
    this.job?.kind === 'scan' && this.job.status === 'done' ? (this.job.result as ScanReport) : null,
  );
  step = $derived.by<Step>(() => {
    if (this.error !== null) return 'failed';
    if (this.job === null) return 'choose';
    if (this.report !== null) return 'report';
    if (this.job.error?.code === 'ambiguous') return 'ask';
    return this.job.status === 'failed' || this.job.status === 'cancelled' ? 'failed' : 'scanning';
  });

  /** Starts to read a folder; the hash keeps the job, so the report survives a reload. */
  async scan(folder: string, options?: ImportOptions): Promise<void> {
    this.error = null;
    try {
      const { job } = await api.datasets.scan.mutate({
        folder: { id: folder },
        ...(options === undefined ? {} : { options }),
      });
      this.#studio.router.go({ page: 'add', folder, job });
    } catch (error) {
      this.error = errorOf(error);
    }
  }

  /** Writes what the scan found, under the name that the person gave. */
  async import(report: ScanReport, name: string): Promise<void> {
    this.importing = true;
    const dataset = await this.#studio.attempt(async (): Promise<DatasetSummary> => {
      const imported = await api.datasets.import.mutate({ scan: report.scan });
      return name === imported.name ? imported : api.datasets.rename.mutate({ id: imported.id, name });
    });
    this.importing = false;
    if (dataset !== undefined) {
      this.#studio.notices.done(`${dataset.name} is imported.`);
      this.#studio.router.go({ page: 'streams', dataset: null, stream: null });
    }
  }
}

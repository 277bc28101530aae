import { api, errorOf } from '../api.ts';
import type { ImportOptions, ScanReport } from '../../src-shared/dataset.ts';
import type { ErrorCode, ErrorShape } from '../../src-shared/errors.ts';
import type { Job } from '../../src-shared/jobs.ts';
import type { Studio } from './studio.svelte.ts';

/** Errors of a scan that a word from the person can settle: columns, scale, format, duplicates, name. */
const ANSWERABLE = new Set<ErrorCode>(['ambiguous', 'conflict', 'bad-input']);

/** Where a folder is on its way into the catalog. */
export type Step = 'choose' | 'scanning' | 'ask' | 'report' | 'failed';

/** The way of a folder into the catalog: choose, scan (a job), answer what is unclear, accept the report. */
export class AddDatasetFlow {
  error = $state.raw<ErrorShape | null>(null);
  importing = $state(false);
  importError = $state.raw<ErrorShape | null>(null);
  /** What the person said about the folder so far. */
  answers = $state.raw<ImportOptions>({});
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
    if (this.job.error !== null && ANSWERABLE.has(this.job.error.code)) return 'ask';
    return this.job.status === 'failed' || this.job.status === 'cancelled' ? 'failed' : 'scanning';
  });

  /** Starts to read a folder; the hash keeps the job, so the report survives a reload. */
  async scan(folder: string, options: ImportOptions = {}): Promise<void> {
    this.error = null;
    this.importError = null;
    this.answers = options;
    try {
      const { job } = await api.datasets.scan.mutate({ folder: { id: folder }, options });
      this.#studio.router.go({ page: 'add', folder, job });
    } catch (error) {
      this.error = errorOf(error);
    }
  }

  /** Writes what the scan found, under the name that the person gave. */
  async import(report: ScanReport, name: string): Promise<void> {
    this.importing = true;
    try {
      const dataset = await api.datasets.import.mutate({ scan: report.scan, name });
      this.#studio.notices.done(`${dataset.name} is imported.`);
      this.#studio.router.go({ page: 'streams', dataset: null, stream: null });
    } catch (error) {
      this.importError = errorOf(error);
    }
    this.importing = false;
  }
}

import { datasetReads } from './datasets.ts';
import { encoderReads } from './encoders.ts';
import { featureReads } from './features.ts';
import { imageReads } from './images.ts';
import { fingerprintReads } from './fingerprints.ts';
import { jobReads } from './jobs.ts';
import { nearDuplicateReads } from './near-duplicates.ts';
import { neighbourReads } from './neighbours.ts';
import { catalogError, openCatalogForReading } from './open.ts';
import { relatedReads } from './related.ts';
import { runReads } from './runs.ts';
import { populationReads } from './population.ts';

/**
 * Opens the catalog read-only: one object per noun. Any thread or child process may hold one. What SQLite itself throws
 * comes as a StudioError with a remedy: 'corrupt', 'busy', 'no-space', 'no-permission'.
 */
export function openCatalogReader(file: string) {
  const db = openCatalogForReading(file);
  return {
    datasets: withRemedies(datasetReads(db), file),
    images: withRemedies(imageReads(db), file),
    related: withRemedies(relatedReads(db), file),
    features: withRemedies(featureReads(db), file),
    encoders: withRemedies(encoderReads(db), file),
    neighbours: withRemedies(neighbourReads(db), file),
    fingerprints: withRemedies(fingerprintReads(db), file),
    population: withRemedies(populationReads(db), file),
    runs: withRemedies(runReads(db), file),
    nearDuplicates: withRemedies(nearDuplicateReads(db), file),
    jobs: withRemedies(jobReads(db), file),
    sqliteVersion: () => db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '',
    close: () => void db.close(),
  };
}
export type CatalogReader = ReturnType<typeof openCatalogReader>;

/** The same functions, whose errors of SQLite are StudioErrors. */
function withRemedies<T extends Record<string, (...args: never[]) => unknown>>(reads: T, file: string): T {
  const wrapped = Object.entries(reads).map(([name, read]) => [
    name,
    (...args: never[]) => {
      try {
        return read.apply(reads, args);
      } catch (error) {
        throw catalogError(error, file);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

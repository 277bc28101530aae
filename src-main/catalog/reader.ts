import { datasetReads } from './datasets.ts';
import { encoderReads } from './encoders.ts';
import { featureReads } from './features.ts';
import { imageReads } from './images.ts';
import { jobReads } from './jobs.ts';
import { openCatalogForReading } from './open.ts';
import { relatedReads } from './related.ts';
import { runReads } from './runs.ts';
import { populationReads } from './population.ts';

/** Opens the catalog read-only: one object per noun. Any thread or child process may hold one. */
export function openCatalogReader(file: string) {
  const db = openCatalogForReading(file);
  return {
    datasets: datasetReads(db),
    images: imageReads(db),
    related: relatedReads(db),
    features: featureReads(db),
    encoders: encoderReads(db),
    population: populationReads(db),
    runs: runReads(db),
    jobs: jobReads(db),
    sqliteVersion: () => db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '',
    close: () => void db.close(),
  };
}
export type CatalogReader = ReturnType<typeof openCatalogReader>;

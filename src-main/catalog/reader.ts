import { datasetReads } from './datasets.ts';
import { encoderReads } from './encoders.ts';
import { featureReads } from './features.ts';
import { imageReads } from './images.ts';
import { fingerprintReads } from './fingerprints.ts';
import { jobReads } from './jobs.ts';
import { nearDuplicateReads } from './near-duplicates.ts';
import { neighbourReads } from './neighbours.ts';
import { openCatalogForReading } from './open.ts';
import { runReads } from './runs.ts';
import { populationReads } from './population.ts';

/** Opens the catalog read-only: one object per noun. Any thread or child process may hold one. */
export function openCatalogReader(file: string) {
  const db = openCatalogForReading(file);
  return {
    datasets: datasetReads(db),
    images: imageReads(db),
    features: featureReads(db),
    encoders: encoderReads(db),
    neighbours: neighbourReads(db),
    fingerprints: fingerprintReads(db),
    population: populationReads(db),
    runs: runReads(db),
    nearDuplicates: nearDuplicateReads(db),
    jobs: jobReads(db),
    sqliteVersion: () => db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '',
    close: () => void db.close(),
  };
}
export type CatalogReader = ReturnType<typeof openCatalogReader>;

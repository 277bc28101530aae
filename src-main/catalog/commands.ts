import { datasetWrites } from './datasets.ts';
import { encoderWrites } from './encoders.ts';
import { featureWrites } from './features.ts';
import { fingerprintWrites } from './fingerprints.ts';
import { jobWrites } from './jobs.ts';
import { nearDuplicateWrites } from './near-duplicates.ts';
import { runWrites } from './runs.ts';
import type { Db } from './open.ts';

/** Everything that changes the catalog. The catalog thread runs each command as one transaction. */
export function catalogCommands(db: Db) {
  return {
    ...datasetWrites(db),
    ...featureWrites(db),
    ...fingerprintWrites(db),
    ...encoderWrites(db),
    ...runWrites(db),
    ...nearDuplicateWrites(db),
    ...jobWrites(db),
  };
}
export type CatalogCommands = ReturnType<typeof catalogCommands>;

/** The same commands as promises, from any other thread. */
export type CatalogWriter = {
  [K in keyof CatalogCommands]: (
    ...args: Parameters<CatalogCommands[K]>
  ) => Promise<ReturnType<CatalogCommands[K]>>;
};

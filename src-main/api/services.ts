import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { AnalysisThread } from '../experiments/analysis-thread.ts';
import type { Home } from '../home/home.ts';
import type { Log } from '../home/log.ts';
import type { Settings } from '../home/settings.ts';
import type { FolderBrowser } from '../host/browse.ts';
import type { ThumbnailCache } from '../images/thumbnail-cache.ts';
import type { EventHub } from '../jobs/events.ts';
import type { JobQueue } from '../jobs/queue.ts';
import type { Scanner } from '../jobs/scan.ts';
import type { NeighbourSearch } from '../streams/neighbours/neighbour-search.ts';
import type { BlockFeatureStore } from '../streams/block-features.ts';
import type { Encoders } from '../streams/vision/encoders.ts';

import type { Guests } from './guests.ts';
import type { JobResults } from './job-results.ts';

/** What the routers work with; made once by engine.ts. */
export type Services = {
  home: Home;
  log: Log;
  reader: CatalogReader;
  writer: CatalogWriter;
  events: EventHub;
  queue: JobQueue;
  scanner: Scanner;
  folders: FolderBrowser;
  guests: Guests;
  results: JobResults;
  encoders: Encoders;
  analysis: AnalysisThread;
  neighbours: NeighbourSearch;
  blocks: BlockFeatureStore;
  thumbnails: ThumbnailCache;
  settings: Settings;
};

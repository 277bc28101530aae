/** The engine: catalog, jobs and API behind one handler. Run as a program it is what the Electron shell starts. */
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Guests } from './api/guests.ts';
import { createHandler } from './api/handler.ts';
import { JobResults } from './api/job-results.ts';
import type { Services } from './api/services.ts';
import { openCatalogReader } from './catalog/reader.ts';
import { startCatalogWriter } from './catalog/writer.ts';
import { AnalysisThread } from './experiments/analysis-thread.ts';
import { resolveHome } from './home/home.ts';
import { acquireHomeLock } from './home/lock.ts';
import { openLog } from './home/log.ts';
import { removePresence, writePresence } from './home/presence.ts';
import { Settings } from './home/settings.ts';
import { FolderBrowser } from './host/browse.ts';
import type { EngineHandler } from './host/handler.ts';
import { onParentGone } from './host/parent-watch.ts';
import { newToken } from './host/secrets.ts';
import { listenSocket } from './host/socket.ts';
import { ThumbnailCache } from './images/thumbnail-cache.ts';
import { compareFolders } from './jobs/compare-folders.ts';
import { downloadEncoder, probeEncoder, verifyEncoder } from './jobs/encoders.ts';
import { runDemo } from './jobs/demo.ts';
import { EventHub } from './jobs/events.ts';
import { runExperiment } from './jobs/experiment.ts';
import { extractStreams } from './jobs/extract.ts';
import { checkLadders } from './jobs/ladder-check.ts';
import { makeLadder } from './jobs/ladder.ts';
import { predictImages } from './jobs/predict.ts';
import { JobQueue } from './jobs/queue.ts';
import { Scanner } from './jobs/scan.ts';
import { NeighbourSearch } from './streams/neighbours/neighbour-search.ts';
import { occludeImage } from './jobs/occlusion.ts';
import { BlockFeatureStore } from './streams/block-features.ts';
import { Encoders } from './streams/vision/encoders.ts';
import { errorShape } from '../src-shared/errors.ts';
import { STUDIO_VERSION } from '../src-shared/version.ts';

/** The built window, beside the sources in development and in the packaged app alike. */
export const RENDERER_FOLDER = fileURLToPath(new URL('../out/renderer', import.meta.url));

export type Engine = { services: Services; handler: EngineHandler; close(): Promise<void> };

/**
 * Opens a home: lock, log, catalog, queue (which resumes what was unfinished), and the local socket on which other
 * commands hand over their work. Throws StudioError busy where another engine holds the home.
 */
export async function startEngine(
  options: { home?: string | undefined; root?: string | undefined } = {},
): Promise<Engine> {
  const home = resolveHome(options.home);
  // ONNX Runtime from 1.29 on reports to Microsoft, and keeps a device id and a database for it, unless this is set. All
  // processes that load it are the engine's children and inherit it.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // Node keeps what it compiles for them: a compute process starts in a third of the time.
  process.env['NODE_COMPILE_CACHE'] ??= home.compiled;
  // Closes in reverse what was opened: on failure at the end of this function, else in close().
  await using opened = new AsyncDisposableStack();
  const lock = acquireHomeLock(home);
  opened.defer(() => lock.release());
  const log = openLog(home);
  opened.defer(() => log.close());
  try {
    const settings = new Settings(home.settings);
    const catalog = await startCatalogWriter(home.catalog, home.backups);
    opened.defer(() => catalog.close());
    const { writer } = catalog;
    const reader = openCatalogReader(home.catalog);
    opened.defer(() => reader.close());
    const events = new EventHub();
    const scanner = new Scanner({ reader, writer });
    const queue = new JobQueue({ reader, writer, events });
    opened.defer(() => queue.close());
    const folders = new FolderBrowser(options.root ?? os.homedir());
    const encoders = new Encoders({ folder: home.encoders, reader, writer });
    const analysis = new AnalysisThread(home.catalog);
    opened.defer(() => analysis.close());
    // A renamed or deleted run, or a dataset that was read again, changes what analyses say.
    events.subscribe((event) => {
      if (event.type === 'changed') analysis.forget();
    });
    const neighbours = new NeighbourSearch({
      catalog: home.catalog,
      budgetBytes: settings.bytes('neighbours'),
    });
    opened.defer(() => neighbours.close());
    events.subscribe((event) => {
      if (event.type === 'changed' && (event.noun === 'streams' || event.noun === 'datasets'))
        neighbours.invalidate();
    });
    const guests = new Guests();
    const blocks = new BlockFeatureStore();
    opened.defer(() => blocks.close());
    const thumbnails = new ThumbnailCache({
      folder: home.thumbnails,
      budgetBytes: settings.bytes('thumbnails'),
    });
    // What a job of an engine that crashed left behind.
    await rm(home.temporary, { recursive: true, force: true });
    const services: Services = {
      home,
      log,
      reader,
      writer,
      events,
      queue,
      scanner,
      folders,
      guests,
      results: new JobResults(queue),
      encoders,
      analysis,
      neighbours,
      blocks,
      thumbnails,
      settings,
    };
    registerJobs(services);
    const handler = createHandler(services, RENDERER_FOLDER);
    const token = newToken();
    const socket = await listenSocket(handler, home, token);
    opened.defer(() => socket.close());
    writePresence(home, { pid: process.pid, version: STUDIO_VERSION, socket: socket.path, token });
    opened.defer(() => removePresence(home));
    log.info('engine started', { version: STUDIO_VERSION, pid: process.pid });
    await queue.restore();
    const running = opened.move();
    let closing: Promise<void> | null = null;
    return { services, handler, close: () => (closing ??= running.disposeAsync()) };
  } catch (error) {
    log.error('engine failed to start', errorShape(error));
    throw error;
  }
}

function registerJobs(services: Services): void {
  const { queue, scanner, events, home, encoders } = services;
  const parts = {
    ...services,
    catalogFile: home.catalog,
    demoFolder: home.demo,
    temporary: home.temporary,
  };
  const changed = () => {
    events.emit({ type: 'changed', noun: 'streams' });
    events.emit({ type: 'changed', noun: 'encoders' });
  };
  queue.handle('scan', scanner.scan.bind(scanner));
  queue.handle('extract', (payload: Parameters<typeof extractStreams>[0], control) =>
    extractStreams(payload, control, parts).finally(changed),
  );
  queue.handle('experiment', (payload: Parameters<typeof runExperiment>[0], control) =>
    runExperiment(payload, control, parts),
  );
  queue.handle('predict', (payload: Parameters<typeof predictImages>[0], control) =>
    predictImages(payload, control, parts),
  );
  queue.handle('compare-folders', (payload: Parameters<typeof compareFolders>[0], control) =>
    compareFolders(payload, control, parts),
  );
  queue.handle('occlusion', (payload: Parameters<typeof occludeImage>[0], control) =>
    occludeImage(payload, control, parts),
  );
  queue.handle('demo', (payload: Record<string, never>, control) => runDemo(payload, control, parts));
  queue.handle('ladder', (payload: Parameters<typeof makeLadder>[0], control) =>
    makeLadder(payload, control, parts),
  );
  queue.handle('ladder-check', (payload: Parameters<typeof checkLadders>[0], control) =>
    checkLadders(payload, control, parts).finally(changed),
  );
  queue.handle('download', (payload: Parameters<typeof downloadEncoder>[0], control) =>
    downloadEncoder(payload, control, encoders).finally(changed),
  );
  queue.handle('verify', (payload: Parameters<typeof verifyEncoder>[0], control) =>
    verifyEncoder(payload, control, encoders).finally(changed),
  );
  queue.handle('probe', (payload: Parameters<typeof probeEncoder>[0], control) =>
    probeEncoder(payload, control, encoders).finally(changed),
  );
}

/** Closes the engine on the first signal; a second one ends the process at once. */
export function closeOnSignals(engine: Engine): void {
  const stop = () => void engine.close().finally(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { home: { type: 'string' }, root: { type: 'string' } } });
  try {
    const engine = await startEngine(values);
    closeOnSignals(engine);
    onParentGone(() => void engine.close().finally(() => process.exit(0)));
    process.stdout.write(`${path.basename(fileURLToPath(import.meta.url))} ready\n`);
  } catch (error) {
    process.stderr.write(`${JSON.stringify(errorShape(error))}\n`);
    process.exit(1);
  }
}

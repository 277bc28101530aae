import path from 'node:path';
import type { Device } from '../../src-shared/encoders.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { FailureToStore, FeatureToStore } from '../catalog/features.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { openExtractor } from '../streams/extractor.ts';
import type { Extractor } from '../streams/extractor.ts';
import type { Encoders } from '../streams/vision/encoders.ts';
import { fingerprintDataset } from './fingerprints.ts';
import type { JobControl } from './queue.ts';
import { WriteBehind } from './write-behind.ts';

/** `device` is absent in jobs of earlier versions: auto. */
export type ExtractPayload = { dataset: number; streams: string[]; device?: Device };
type Catalog = { reader: CatalogReader; writer: CatalogWriter };

/** A crash loses at most this many finished images, or this much time. */
const FLUSH_IMAGES = 32;
const FLUSH_MS = 1000;

/** Extracts streams of a dataset into the catalog, then the fingerprints of its images; what is already there is reused, so a restart goes on where it stopped. */
export async function extractStreams(
  { dataset, streams, device = 'auto' }: ExtractPayload,
  control: JobControl,
  { encoders, ...catalog }: Catalog & { encoders: Encoders },
): Promise<ExtractResult> {
  const { name } = catalog.reader.datasets.get(dataset);
  const results: ExtractResult['streams'] = [];
  for (const id of streams) {
    control.progress({ done: 0, total: 0, message: `${id}: preparing` });
    const extractor = await openExtractor(id, { device, encoders, signal: control.signal });
    try {
      results.push(await extractStream(dataset, extractor, control, catalog));
    } finally {
      await extractor.close();
    }
  }
  await fingerprintDataset(dataset, control, catalog);
  return { dataset: name, device: [...new Set(results.map((r) => r.device))].join('+'), streams: results };
}

async function extractStream(
  dataset: number,
  extractor: Extractor,
  control: JobControl,
  { reader, writer }: Catalog,
): Promise<ExtractResult['streams'][number]> {
  const started = performance.now();
  const stream = extractor.info;
  const key = { stream: stream.id, version: stream.version };
  const { folder } = reader.datasets.get(dataset);
  const before = reader.features.counts(dataset, key);
  const pending = reader.features.pending(dataset, key);
  if (stream.kind === 'vision') {
    await writer.noteVisionStream({ ...key, title: stream.title, dimension: stream.dimension });
  }
  await writer.activateStream(dataset, key);
  // The same content twice in a dataset is one feature; it counts for each of its images.
  const byContent = Map.groupBy(pending, (image) => image.content);
  const items = [...byContent.values()].map(([image]) => ({
    key: image!.content,
    path: path.join(folder, image!.file),
    content: image!.content,
  }));

  let done: FeatureToStore[] = [];
  let failed: FailureToStore[] = [];
  let finished = before.done;
  let failures = 0;
  let lastFlush = performance.now();
  const writes = new WriteBehind(control.signal);
  const flush = () => {
    if (done.length + failed.length > 0) writes.add(writer.saveFeatures(key, done, failed));
    done = [];
    failed = [];
    lastFlush = performance.now();
  };
  control.progress({
    done: finished,
    total: before.done + pending.length,
    message: `${stream.id}: reading images`,
  });
  try {
    await extractor.extract(items, {
      signal: writes.signal,
      onReply(reply) {
        const images = byContent.get(reply.key)!;
        finished += images.length;
        if ('vector' in reply) {
          done.push({ content: reply.key, vector: reply.vector });
        } else {
          failures += images.length;
          failed.push({ content: reply.key, error: reply.error });
          for (const image of images) control.fail(image.name, reply.error);
        }
        if (done.length + failed.length >= FLUSH_IMAGES || performance.now() - lastFlush > FLUSH_MS) flush();
        control.progress({ done: finished, message: `${stream.id}: extracting` });
        // A slow disk must not let the work run ahead of the catalog: a crash would lose it.
        return done.length + failed.length >= FLUSH_IMAGES / 2 ? writes.room : null;
      },
    });
  } finally {
    flush();
    await writes.settle();
  }
  return {
    stream: stream.id,
    version: stream.version,
    done: finished - failures,
    failed: failures,
    reused: before.done,
    seconds: (performance.now() - started) / 1000,
    device: extractor.device,
    notes: extractor.notes,
  };
}

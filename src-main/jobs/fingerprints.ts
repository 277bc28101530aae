import path from 'node:path';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { FingerprintToStore } from '../catalog/fingerprints.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import { takeFingerprints } from '../streams/fingerprints/fingerprint-pool.ts';
import { FINGERPRINT_VERSION } from '../streams/fingerprints/phash.ts';
import type { JobControl } from './queue.ts';
import { WriteBehind } from './write-behind.ts';

/** A crash loses at most this many fingerprints. */
const FLUSH_IMAGES = 64;

/**
 * The last stage of an extraction: the perceptual hash of every readable image that has none yet (docs/data.md,
 * "Near-duplicates"). Pictures shrink while they load, so that it takes a fraction of the extraction. A picture that fails here
 * just has no fingerprint: extraction has already told of it, and the next one tries again.
 */
export async function fingerprintDataset(
  dataset: number,
  control: JobControl,
  { reader, writer }: { reader: CatalogReader; writer: CatalogWriter },
): Promise<void> {
  const pending = reader.fingerprints.pending(dataset, FINGERPRINT_VERSION);
  if (pending.length === 0) return;
  const folder = reader.datasets.folder(dataset);
  const byContent = Map.groupBy(pending, (image) => image.content);
  const items = [...byContent.values()].map(([image]) => ({
    key: image!.content,
    path: path.join(folder, image!.file),
    content: image!.content,
  }));
  const { images: total } = reader.datasets.get(dataset);
  let finished = total - pending.length;
  let done: FingerprintToStore[] = [];
  const writes = new WriteBehind(control.signal);
  const flush = () => {
    if (done.length > 0) writes.add(writer.saveFingerprints(FINGERPRINT_VERSION, done));
    done = [];
  };
  try {
    await takeFingerprints(items, {
      signal: writes.signal,
      onReply(reply) {
        finished += byContent.get(reply.key)!.length;
        if ('hash' in reply) done.push({ content: reply.key, hash: reply.hash });
        if (done.length >= FLUSH_IMAGES) flush();
        control.progress({ done: finished, total, message: 'fingerprints for near-duplicates' });
      },
    });
  } finally {
    flush();
    await writes.settle();
  }
}

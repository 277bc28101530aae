import type { ErrorShape } from '../../../src-shared/errors.ts';
import { inPictureWorkers } from '../picture-workers.ts';
import type { ExtractItem } from '../read-picture.ts';

/** What became of a picture. */
export type FingerprintReply = { key: string; hash: Uint8Array } | { key: string; error: ErrorShape };

/** Takes the perceptual hash of pictures in worker threads, `onReply` once per item. Throws StudioError cancelled after an abort. */
export function takeFingerprints(
  items: readonly ExtractItem[],
  options: { signal: AbortSignal; workers?: number; onReply(reply: FingerprintReply): void },
): Promise<void> {
  return inPictureWorkers(new URL('./fingerprint-worker.ts', import.meta.url), items, options);
}

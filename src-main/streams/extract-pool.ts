import { inPictureWorkers } from './picture-workers.ts';
import type { ExtractItem, ExtractReply } from './read-picture.ts';

/**
 * Describes pictures with the NSS descriptor in worker threads, `onReply` once per item in order of completion.
 * A bad picture is a reply with an error and never stops the rest. Throws StudioError cancelled after an abort.
 */
export function extractNss(
  items: readonly ExtractItem[],
  options: {
    signal: AbortSignal;
    workers?: number;
    onReply(reply: ExtractReply): Promise<unknown> | null | void;
  },
): Promise<void> {
  return inPictureWorkers(new URL('./extract-worker.ts', import.meta.url), items, options);
}

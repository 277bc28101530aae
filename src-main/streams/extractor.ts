import type { Device, Provider } from '../../src-shared/encoders.ts';
import type { StreamInfo } from '../../src-shared/streams.ts';
import { extractNss } from './extract-pool.ts';
import type { ExtractItem, ExtractReply } from './read-picture.ts';
import { NSS_INFO } from './registry.ts';
import { openVisionExtractor } from './vision/vision-extractor.ts';
import type { Encoders } from './vision/encoders.ts';

/** Computes one stream, in one version, on one device. */
export type Extractor = {
  info: StreamInfo;
  device: Provider;
  /** Why this device and not another, for people. */
  notes: string[];
  /**
   * Describes pictures, `onReply` once per item in order of completion; a bad picture is a reply with an error and never
   * stops the rest. A fast extractor waits for the promise that `onReply` may return. Throws StudioError 'cancelled' after an abort, and what makes every picture impossible.
   */
  extract(
    items: readonly ExtractItem[],
    options: { signal: AbortSignal; onReply(reply: ExtractReply): Promise<unknown> | null | void },
  ): Promise<void>;
  close(): Promise<void>;
};

/** Opens a stream for extraction. Throws 'not-found', and 'not-available' with the remedy where a model is missing. */
export function openExtractor(
  stream: string,
  options: { device: Device; encoders: Encoders; signal: AbortSignal },
): Promise<Extractor> {
  if (stream === NSS_INFO.id) return Promise.resolve(nssExtractor(options.device));
  return openVisionExtractor(stream, options);
}

function nssExtractor(device: Device): Extractor {
  return {
    info: NSS_INFO,
    device: 'cpu',
    notes: device === 'auto' || device === 'cpu' ? [] : [`NSS runs on the CPU, not on ${device}`],
    extract: extractNss,
    close: () => Promise.resolve(),
  };
}

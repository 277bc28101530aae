/** What the engine and an encoder process say to each other. Pixels and tensors never cross; vectors of 1-5 kB do. */
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import type { Provider, ProviderTrial } from '../../../src-shared/encoders.ts';
import type { ErrorShape } from '../../../src-shared/errors.ts';
import type { ExtractItem, ExtractReply } from '../read-picture.ts';

/** What an encoder process is made for; it stays with this one model and provider. */
export type EncoderTask = {
  manifest: EncoderManifest;
  modelPath: string;
  /** Crops per run, from the model file. */
  batch: number | 'dynamic';
  /** Tried in this order; the first that works and agrees with the CPU is taken. */
  candidates: Provider[];
  /** Try them all, and say how fast each is. */
  tryAll: boolean;
  /** Threads of one run on the CPU. */
  threads: number;
  /** Threads that decode and crop. */
  workers: number;
};

export type ToEncoder =
  { type: 'open'; task: EncoderTask } | { type: 'item'; item: ExtractItem } | { type: 'stop' };

export type FromEncoder =
  | { type: 'opened'; provider: Provider; trials: ProviderTrial[] }
  | { type: 'reply'; reply: ExtractReply }
  /** Nothing can be done with this model; the process ends. */
  | { type: 'failed'; error: ErrorShape };

import { availableParallelism } from 'node:os';
import type { Device, Provider, ProviderTrial } from '../../../src-shared/encoders.ts';
import { StudioError } from '../../../src-shared/errors.ts';
import type { StreamInfo } from '../../../src-shared/streams.ts';
import type { Extractor } from '../extractor.ts';
import type { ExtractItem, ExtractReply } from '../read-picture.ts';
import { candidateProviders, supportedBackends } from './devices.ts';
import { EncoderGone, EncoderProcess } from './encoder-client.ts';
import type { EncoderTask } from './encoder-protocol.ts';
import { versionOf } from './encoders.ts';
import type { Encoders, ReadyEncoder } from './encoders.ts';
import { verifyModelFiles } from './model-check.ts';

/** Pictures that the process is given beyond those in its tensors, so that it never waits for the engine. */
const AHEAD = 8;
/** A process that ends this often without a picture in between will not get better. */
const MAX_ENDS = 3;

/**
 * Opens an encoder for extraction: a model that was not hashed yet is, then a process chooses the provider. The model
 * itself is loaded with the first picture. Throws 'not-found', 'not-available', 'conflict', 'corrupt', 'cancelled'.
 */
export async function openVisionExtractor(
  id: string,
  { device, encoders, signal }: { device: Device; encoders: Encoders; signal: AbortSignal },
): Promise<Extractor> {
  if ((await encoders.inspect(id)).found.state === 'unverified') {
    await verifyModelFiles(encoders, id, { signal, onProgress: () => undefined });
  }
  const encoder = await encoders.require(id);
  const task = encoderTask(encoder, candidateProviders(device, await supportedBackends()));
  const process = await openProcess(task, signal);
  await encoders.noteProvider(id, process.provider);
  return new VisionExtractor({ encoder, task, process });
}

/** What a process needs for an encoder on this machine. */
export function encoderTask(
  { manifest, modelPath, checked }: ReadyEncoder,
  candidates: Provider[],
): EncoderTask {
  const cores = availableParallelism();
  return {
    manifest,
    modelPath,
    batch: checked.batch,
    candidates,
    tryAll: false,
    threads: cores,
    // Decoding five crops takes a fifth of a small model's time; idle threads cost nothing.
    workers: Math.max(2, Math.ceil(cores / 2)),
  };
}

/** A stream's facts as the catalog and the window know them. */
export function visionStream(
  encoder: Pick<ReadyEncoder, 'manifest' | 'digest'>,
  provider: Provider,
): StreamInfo {
  const { id, title, output } = encoder.manifest;
  const version = versionOf(encoder, provider);
  return { id, title, version, dimension: output.dimension, kind: 'vision', source: 'computed here' };
}

/** EncoderProcess.open, with an early end as a StudioError. */
export async function openProcess(task: EncoderTask, signal: AbortSignal): Promise<EncoderProcess> {
  try {
    return await EncoderProcess.open(task, signal);
  } catch (error) {
    if (error instanceof EncoderGone) throw crash(error);
    throw error;
  }
}

class VisionExtractor implements Extractor {
  readonly info: StreamInfo;
  readonly device: Provider;
  readonly notes: string[];
  readonly #task: EncoderTask;
  #process: EncoderProcess | null;

  constructor(parts: { encoder: ReadyEncoder; task: EncoderTask; process: EncoderProcess }) {
    const { encoder, task, process } = parts;
    this.device = process.provider;
    this.info = visionStream(encoder, this.device);
    this.notes = notesOf(process);
    this.#process = process;
    // A process that takes over after a crash stays with the provider: one extraction never mixes two.
    this.#task = { ...task, candidates: [this.device] };
  }

  /**
   * Encodes; when the process ends by itself, the pictures it had are tried again one at a time, so that only the one
   * that ends it again fails. Throws 'internal' where it keeps ending.
   */
  async extract(
    items: readonly ExtractItem[],
    { signal, onReply }: { signal: AbortSignal; onReply(reply: ExtractReply): void },
  ): Promise<void> {
    const rest = items.values();
    const suspects: ExtractItem[] = [];
    let ends = 0;
    const replied = (reply: ExtractReply) => {
      ends = 0;
      onReply(reply);
    };
    const window = this.#task.workers * 2 + AHEAD;
    for (;;) {
      const suspect = suspects.shift();
      const batch = suspect === undefined ? rest : [suspect];
      this.#process ??= await openProcess(this.#task, signal);
      try {
        await this.#process.encode(batch, { signal, window, onReply: replied });
        if (suspect === undefined) return;
      } catch (error) {
        if (!(error instanceof EncoderGone)) throw error;
        await this.close();
        if (++ends >= MAX_ENDS) throw crash(error);
        if (suspect === undefined) suspects.push(...error.unanswered);
        else onReply({ key: suspect.key, error: crash(error, suspect.path).toShape() });
      }
    }
  }

  async close(): Promise<void> {
    await this.#process?.stop();
    this.#process = null;
  }
}

function crash({ message }: EncoderGone, file?: string): StudioError {
  return new StudioError('internal', message, {
    ...(file === undefined ? {} : { file }),
    hint: 'Often memory has run out: close other programs, or take a smaller encoder; finished images are kept.',
  });
}

function notesOf({ trials, provider }: { trials: ProviderTrial[]; provider: Provider }): string[] {
  const others = trials.filter((t) => t.provider !== provider).map((t) => `${t.provider}: ${t.reason}`);
  const chosen = trials.find((t) => t.provider === provider);
  return [`runs on ${provider}${chosen === undefined ? '' : ` (${chosen.reason})`}`, ...others];
}

import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Device, Provider, ProviderTrial } from '../../../src-shared/encoders.ts';
import { StudioError } from '../../../src-shared/errors.ts';
import type { StreamInfo } from '../../../src-shared/streams.ts';
import type { Extractor } from '../extractor.ts';
import type { ExtractItem, ExtractReply } from '../read-picture.ts';
import { candidateProviders, supportedBackends } from './devices.ts';
import { EncoderGone, EncoderProcess } from './encoder-client.ts';
import { encoderProcesses } from './encoder-processes.ts';
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
  const whole = encoderTask(encoder, candidateProviders(device, await supportedBackends()));
  const onCpu = sideBySide(whole, encoderProcesses(await modelBytes(encoder)));
  const first = whole.candidates.every((provider) => provider === 'cpu') ? onCpu.task : whole;
  const process = await openProcess(first, signal);
  const { provider } = process;
  await encoders.noteProvider(id, provider);
  const { task, processes } = provider === 'cpu' ? onCpu : { task: whole, processes: 1 };
  // A process that takes over after a crash stays with the provider: one extraction never mixes two.
  const lanes = Array.from({ length: processes }, () => new Lane({ ...task, candidates: [provider] }));
  if (task === first) lanes[0]!.process = process;
  else await process.stop();
  return new VisionExtractor({ info: visionStream(encoder, provider), process, lanes });
}

/** The task as each of several processes has it. */
function sideBySide(task: EncoderTask, { processes, threads }: ReturnType<typeof encoderProcesses>) {
  return { task: processes === 1 ? task : { ...task, threads, workers: 1 }, processes };
}

async function modelBytes({ modelPath, checked }: ReadyEncoder): Promise<number> {
  const files = await Promise.all([modelPath, ...checked.externalFiles].map((file) => stat(file)));
  return files.reduce((sum, { size }) => sum + size, 0);
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
  readonly #lanes: readonly Lane[];

  constructor(parts: { info: StreamInfo; process: EncoderProcess; lanes: readonly Lane[] }) {
    this.info = parts.info;
    this.device = parts.process.provider;
    this.notes = notesOf(parts.process);
    this.#lanes = parts.lanes;
  }

  /** Encodes side by side; what ends one process for good ends all. Throws as `Lane.extract`. */
  async extract(
    items: readonly ExtractItem[],
    { signal, onReply }: { signal: AbortSignal; onReply(reply: ExtractReply): void },
  ): Promise<void> {
    const rest = items.values();
    const failure = new AbortController();
    const both = AbortSignal.any([signal, failure.signal]);
    // A process for a handful of pictures takes longer to start than they do.
    const lanes = this.#lanes.slice(0, Math.max(1, Math.ceil(items.length / AHEAD)));
    let first: unknown = null;
    await Promise.all(
      lanes.map((lane) =>
        lane.extract(rest, { signal: both, onReply }).catch((error: unknown) => {
          first ??= error; // the others end with 'cancelled' after it
          failure.abort();
        }),
      ),
    );
    if (first !== null) throw first as Error;
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

/** One encoder process after the other, with pictures that it shares with other lanes. */
class Lane {
  process: EncoderProcess | null = null;
  readonly #task: EncoderTask;

  constructor(task: EncoderTask) {
    this.#task = task;
  }

  /**
   * Encodes what is left of `rest`; when the process ends by itself, the pictures it had are tried again one at a time, so that only
   * the one that ends it again fails. Throws 'cancelled', and 'internal' where it keeps ending.
   */
  async extract(
    rest: IterableIterator<ExtractItem>,
    { signal, onReply }: { signal: AbortSignal; onReply(reply: ExtractReply): void },
  ): Promise<void> {
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
      this.process ??= await openProcess(this.#task, signal);
      try {
        await this.process.encode(batch, { signal, window, onReply: replied });
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
    await this.process?.stop();
    this.process = null;
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

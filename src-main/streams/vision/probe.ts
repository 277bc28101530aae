/** Which provider runs a model: the first that opens it and gives the CPU's embedding of a probe picture. */
import type { Provider, ProviderTrial } from '../../../src-shared/encoders.ts';
import { StudioError } from '../../../src-shared/errors.ts';
import type { RgbPicture } from '../../images/picture.ts';
import { fiveCrops } from '../../../src-shared/crops.ts';
import type { EncoderTask } from './encoder-protocol.ts';
import { createPreprocessor } from './preprocess.ts';
import type { InputValues } from './preprocess.ts';
import { createResizer } from './resize/resize.ts';
import { openSession } from './session.ts';
import type { EncoderSession, Ort } from './session.ts';

/** Largest difference to the CPU's embedding, as a share of its norm (spec encoders.md, "Execution providers"). */
export const PROBE_TOLERANCE = 1e-2;
const TIMED_RUNS = 5;

/** A provider that was chosen; its session where the trial has opened one. */
export type ChosenProvider = { provider: Provider; session: EncoderSession | null; trials: ProviderTrial[] };

/**
 * Tries the task's candidates in order. A sole CPU is not tried at all: its session is opened when it is needed.
 * Throws 'not-available' with every reason where none works.
 */
export async function chooseProvider(ort: Ort, task: EncoderTask): Promise<ChosenProvider> {
  const trials: ProviderTrial[] = [];
  const probe = await probeTensor(task);
  let reference: Float32Array | null = null;
  let chosen: { provider: Provider; session: EncoderSession | null } | null = null;
  for (const provider of task.candidates) {
    if (chosen !== null && !task.tryAll) break;
    if (provider === 'cpu' && !task.tryAll) {
      trials.push({
        provider,
        ok: true,
        reason: 'always there',
        difference: null,
        millisecondsPerCrop: null,
      });
      chosen = { provider, session: null };
      break;
    }
    let session: EncoderSession | null = null;
    try {
      session = await openSession(ort, task, provider);
      const [embedding] = await session.embed(probe, 1);
      reference ??= provider === 'cpu' ? embedding! : await cpuEmbedding(ort, task, probe);
      const trial = judge(provider, relativeDifference(embedding!, reference));
      trials.push(task.tryAll ? { ...trial, millisecondsPerCrop: await time(session, probe) } : trial);
      if (trial.ok && chosen === null) chosen = { provider, session };
      else await session.release();
    } catch (error) {
      await session?.release();
      trials.push(failedTrial(provider, error));
    }
  }
  if (chosen !== null) return { ...chosen, trials };
  throw new StudioError(
    'not-available',
    `Encoder "${task.manifest.id}" does not run: ${trials.map((t) => `${t.provider}: ${t.reason}`).join('; ')}`,
    { hint: 'Choose the device "auto" or "cpu": the CPU is always there.' },
  );
}

/** The embedding of the first crop of the probe picture: also what a model is warmed up with. */
export async function probeTensor({ manifest }: Pick<EncoderTask, 'manifest'>): Promise<InputValues> {
  const preprocessor = createPreprocessor(await createResizer(), manifest.preprocessing);
  const { length } = preprocessor;
  const values = manifest.input.dtype === 'float16' ? new Uint16Array(length) : new Float32Array(length);
  const picture = probePicture();
  preprocessor.write(picture, fiveCrops(picture.width, picture.height)[0], values, 0);
  return values;
}

/** Gradients, edges and fine texture, the same everywhere. */
function probePicture(width = 512, height = 384): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const texture = ((x * 7 + y * 13) ^ (x * y)) & 63;
      const block = ((x >> 6) + (y >> 6)) % 2 === 0 ? 48 : 0;
      data[at++] = (x * 144) / width + texture + block;
      data[at++] = (y * 144) / height + texture + block;
      data[at++] = ((x + y) * 144) / (width + height) + texture;
    }
  }
  return { width, height, data };
}

async function cpuEmbedding(ort: Ort, task: EncoderTask, probe: InputValues): Promise<Float32Array> {
  const session = await openSession(ort, task, 'cpu');
  try {
    return Float32Array.from((await session.embed(probe, 1))[0]!);
  } finally {
    await session.release();
  }
}

function judge(provider: Provider, difference: number): ProviderTrial {
  const ok = difference <= PROBE_TOLERANCE; // false for NaN too
  const reason = ok
    ? `agrees with the CPU to ${difference.toExponential(1)}`
    : `differs from the CPU's embedding by ${difference.toExponential(1)} (at most ${PROBE_TOLERANCE})`;
  return { provider, ok, reason, difference, millisecondsPerCrop: null };
}

/** Norm of the difference over the norm of the reference. */
export function relativeDifference(a: Float32Array, reference: Float32Array): number {
  let difference = 0;
  let norm = 0;
  reference.forEach((value, i) => {
    difference += (a[i]! - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}

async function time(session: EncoderSession, probe: InputValues): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < TIMED_RUNS; i++) await session.embed(probe, 1);
  return (performance.now() - started) / TIMED_RUNS;
}

/** ONNX Runtime's messages name source files first and are long. */
function failedTrial(provider: Provider, error: unknown): ProviderTrial {
  const text = error instanceof Error ? error.message : String(error);
  const line = text
    .replace(/^\/\S+:\d+ .*?(was false\. |\) )/, '')
    .split('\n')[0]!
    .trim();
  return {
    provider,
    ok: false,
    reason: line.length > 160 ? `${line.slice(0, 159)}…` : line,
    difference: null,
    millisecondsPerCrop: null,
  };
}

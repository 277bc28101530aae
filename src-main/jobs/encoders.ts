/** Jobs on encoders: download a model, verify its hashes, probe the devices. */
import type { Device, DownloadResult, ProbeResult, VerifyResult } from '../../src-shared/encoders.ts';
import { candidateProviders, supportedBackends } from '../streams/vision/devices.ts';
import type { Encoders } from '../streams/vision/encoders.ts';
import type { DownloadProgress } from '../streams/vision/hub/progress.ts';
import { downloadModel, verifyModelFiles } from '../streams/vision/model-check.ts';
import { encoderTask, openProcess } from '../streams/vision/vision-extractor.ts';
import type { JobControl } from './queue.ts';

export type EncoderPayload = { encoder: string };
export type ProbePayload = EncoderPayload & { device: Device };

/** Downloads what is missing; started again, it goes on where it stopped. Counts bytes. */
export async function downloadEncoder(
  { encoder }: EncoderPayload,
  control: JobControl,
  encoders: Encoders,
): Promise<DownloadResult> {
  const { host } = new URL(encoders.settings.endpoint);
  const total = await sizeOf(encoder, encoders);
  control.progress({
    done: 0,
    total,
    message: encoders.settings.offline ? 'looking into the cache' : `connecting to ${host}`,
  });
  const onProgress = (progress: DownloadProgress) => control.progress(stateOf(progress));
  return downloadModel(encoders, encoder, { signal: control.signal, onProgress });
}

/** Hashes all files of a model. Counts bytes. */
export async function verifyEncoder(
  { encoder }: EncoderPayload,
  control: JobControl,
  encoders: Encoders,
): Promise<VerifyResult> {
  const onProgress = (progress: DownloadProgress) => control.progress(stateOf(progress));
  return verifyModelFiles(encoders, encoder, { signal: control.signal, onProgress });
}

/** Tries every provider of a device with the model, and remembers which is chosen. */
export async function probeEncoder(
  { encoder, device }: ProbePayload,
  control: JobControl,
  encoders: Encoders,
): Promise<ProbeResult> {
  const ready = await encoders.require(encoder);
  const task = encoderTask(ready, candidateProviders(device, await supportedBackends()));
  control.progress({ done: 0, total: 1, message: 'trying the devices' });
  const process = await openProcess({ ...task, tryAll: true }, control.signal);
  await process.stop();
  await encoders.noteProvider(encoder, process.provider);
  control.progress({ done: 1 });
  return { encoder, chosen: process.provider, trials: process.trials };
}

/** Bytes of a model as far as manifest and earlier downloads say; 0 where one is not known. */
async function sizeOf(encoder: string, encoders: Encoders): Promise<number> {
  const sizes = encoders.wantedFiles(await encoders.inspect(encoder)).map(({ size }) => size);
  return sizes.reduce<number>((sum, size) => sum + (size ?? NaN), 0) || 0;
}

/** Bytes of all files; checking a file that is there does not count as downloading it. */
function stateOf({ phase, path, bytes, size, reason }: DownloadProgress): {
  done?: number;
  total?: number;
  message: string;
} {
  const what = { download: 'downloading', verify: 'checking', wait: 'waiting for' }[phase];
  const message = `${what} ${path}${reason === undefined ? '' : `: ${reason}`}`;
  // Before the first file is known, what was said of the size stays.
  return size === 0 ? { message } : { done: bytes, total: size, message };
}

/** Extractions with the real command line, timed: what the benchmarks of encoders share. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import type { EncoderManifest } from '../../src-shared/encoder-manifest.ts';
import type { Device } from '../../src-shared/encoders.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { encoderProcesses, peakMemory } from '../fixtures/encoder-processes.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';

const STUDIO = path.resolve(import.meta.dirname, '../../src-main/cli.ts');
const PICTURES = 20;

/** A model to time, and on how many pictures. */
export type Subject = { manifest: EncoderManifest; model: string; images: number };

/** A home of its own with the encoder in it. */
export function addEncoder(folder: string, { manifest, model }: Subject, name = 'home'): string {
  const home = path.join(folder, `${name}-${manifest.id}`);
  const file = path.join(folder, `${manifest.id}.json`);
  writeFileSync(file, JSON.stringify(manifest));
  studio(home, 'encoders', 'add', file, '--model', model);
  return home;
}

/** Runs the command line. */
export function studio(home: string, ...args: string[]): void {
  execFileSync(process.execPath, [STUDIO, ...args, '--home', home, '--json'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
}

/** Images per second from the job's start to its end, the model's loading included, and the peak memories of the encoder processes, added. */
export async function extract(
  home: string,
  dataset: string,
  stream: string,
  device: Device = 'cpu',
): Promise<{ rate: number; peak: number }> {
  const args = [STUDIO, 'extract', '--dataset', dataset, '--streams', stream, '--device', device];
  const child = spawn(process.execPath, [...args, '--home', home, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const closed = new Promise((resolve) => child.on('close', resolve));
  const peaks = new Map<number, number>();
  while (child.exitCode === null && child.signalCode === null) {
    if (process.platform === 'linux')
      for (const pid of encoderProcesses(child.pid!))
        peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakMemory(pid)));
    await Promise.race([closed, setTimeout(50)]);
  }
  await closed;
  if (child.exitCode !== 0) throw new Error(said.split('\n').slice(-6).join(' '));
  const { done, failed, seconds } = (JSON.parse(text) as ExtractResult).streams[0]!;
  if (failed > 0) throw new Error(`${failed} pictures failed`);
  return { rate: done / seconds, peak: [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0) };
}

/** JPEGs of 512 x 512; bytes after the end change a file's hash and nothing else. */
export async function writePictures(folder: string, name: string, images: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const encoded: Buffer[] = [];
  for (let seed = 0; seed < Math.min(PICTURES, images); seed++) {
    const { width, height, data } = naturalPicture(512, 512, seed);
    encoded.push(
      await sharp(data, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 90 })
        .toBuffer(),
    );
  }
  const rows = ['image,mos'];
  for (let i = 0; i < images; i++) {
    writeFileSync(
      path.join(folder, `${i}.jpg`),
      Buffer.concat([encoded[i % encoded.length]!, Buffer.from(name + i)]),
    );
    rows.push(`${i}.jpg,${i % 10}`);
  }
  writeFileSync(path.join(folder, 'scores.csv'), `${rows.join('\n')}\n`);
}

/** A number of bytes for people. */
export function megabytes(bytes: number): string {
  return bytes === 0 ? 'not known here' : `${(bytes / 1e6).toFixed(0)} MB`;
}

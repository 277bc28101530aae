/**
 * Execution providers against the CPU: `node tests/bench/devices.ts [provider]...` (without names: all that this build of
 * ONNX Runtime knows here). The same pictures go through the whole extraction on each; prints images per second, the ratio to
 * the CPU, and how far the embeddings are from the CPU's (norm of the difference over the norm, the largest of all pictures).
 * A provider that does not start here is said so. BIQA_LARGE=1 adds a model of ViT-L/14's size (1.2 GB).
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import type { Provider } from '../../src-shared/encoders.ts';
import { candidateProviders, supportedBackends } from '../../src-main/streams/vision/devices.ts';
import { relativeDifference } from '../../src-main/streams/vision/probe.ts';
import { vitEncoder } from '../fixtures/onnx-encoder.ts';
import type { VitShape } from '../fixtures/onnx-encoder.ts';
import { addEncoder, extract, studio, writePictures } from './encoder-job.ts';
import type { Subject } from './encoder-job.ts';

const MODELS = path.resolve(import.meta.dirname, '../../../shared/models');
const VIT_L14: VitShape = { side: 224, patch: 14, width: 1024, layers: 24, heads: 16, dimension: 768 };

/** Prints a line per model and provider. */
export async function benchDevices(wanted: readonly string[] = []): Promise<void> {
  const known = candidateProviders('auto', await supportedBackends());
  const others = known.filter((p) => p !== 'cpu' && (wanted.length === 0 || wanted.includes(p)));
  console.log(
    `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores; providers: ${known.join(', ')}`,
  );
  const folder = mkdtempSync(path.join(tmpdir(), 'biqa-devices-'));
  try {
    for (const subject of subjects(folder)) await compare(folder, subject, others);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function subjects(folder: string): Subject[] {
  const vits =
    process.env['BIQA_LARGE'] === '1'
      ? { 'vit-b32': undefined, 'vit-l14': VIT_L14 }
      : { 'vit-b32': undefined };
  const made = Object.entries(vits).map(([id, shape]): Subject => {
    const { manifest, model } = vitEncoder(shape);
    const file = path.join(folder, `${id}.onnx`);
    writeFileSync(file, model);
    return { manifest: { ...manifest, id }, model: file, images: shape === undefined ? 120 : 40 };
  });
  const mobilenet = path.join(MODELS, 'mobilenet-v2.onnx');
  if (!existsSync(mobilenet)) return made;
  const { manifest } = made[0]!;
  const output = { name: 'pooled', dimension: 1280, row: null, normalised: false };
  return [{ manifest: { ...manifest, id: 'mobilenet-v2', output }, model: mobilenet, images: 300 }, ...made];
}

async function compare(folder: string, subject: Subject, others: readonly Provider[]): Promise<void> {
  const { id } = subject.manifest;
  const pictures = path.join(folder, `pictures-${id}`);
  mkdirSync(pictures);
  await writePictures(pictures, id, subject.images);
  let cpu: { rate: number; features: Float32Array[] } | null = null;
  for (const provider of ['cpu', ...others] as const) {
    const home = addEncoder(folder, subject, provider);
    studio(home, 'import', pictures, '--name', id, '--scale', '0,10', '--better', 'higher');
    try {
      const { rate } = await extract(home, id, id, provider);
      const features = readFeatures(home, id);
      cpu ??= { rate, features };
      const difference = Math.max(...features.map((f, i) => relativeDifference(f, cpu!.features[i]!)));
      console.log(
        `${id} on ${provider}: ${rate.toFixed(1)} images/s, ${(rate / cpu.rate).toFixed(2)} x the CPU, embeddings differ by ${difference.toExponential(1)}`,
      );
    } catch (error) {
      console.log(
        `${id} on ${provider}: does not run here (${(error as Error).message.trim().slice(0, 400)})`,
      );
    }
  }
}

/** The dataset's features in label order. */
function readFeatures(home: string, id: string): Float32Array[] {
  const file = path.join(home, 'features.csv');
  studio(home, 'features', 'export', '--dataset', id, '--stream', id, '--csv', file);
  const [, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
  return rows.map((row) => Float32Array.from(row.split(',').slice(1), Number));
}

if (import.meta.main) await benchDevices(process.argv.slice(2));

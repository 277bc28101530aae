/**
 * Speed of vision streams: `node tests/bench/encoders.ts [rounds]`. Images per second of a whole extraction (read, hash,
 * decode, five crops, model, catalog) against a bare loop of session.run on ready tensors of the same model, batch and
 * threads; in turns, so that other load on the machine meets both. mobilenet-v2 of ../shared, and a ViT of the size of
 * ViT-B/32 with random weights. Prints the peak memory of the encoder processes together, and their peak on 100-megapixel pictures.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import type { EncoderManifest } from '../../src-shared/encoder-manifest.ts';
import { CROP_COUNT } from '../../src-main/streams/vision/crops.ts';
import { addEncoder, extract, megabytes, studio, writePictures } from './encoder-job.ts';
import type { Subject } from './encoder-job.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';
import { vitEncoder } from '../fixtures/onnx-encoder.ts';

const BARE = path.resolve(import.meta.dirname, 'bare-session.ts');
const MOBILENET = path.resolve(import.meta.dirname, '../../../shared/models/mobilenet-v2.onnx');
const THREADS = availableParallelism();
/** Most runs of the bare loop, which is as fast with more; a job's start counts for less the more pictures it has. */
const BARE_RUNS = 200;

/** Prints a table per model. */
export async function benchEncoders(rounds = 2): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'biqa-encoders-'));
  try {
    console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${THREADS} cores, Node ${process.version}`);
    for (const subject of subjects(folder)) await compare(folder, subject, rounds);
    await benchLargePictures(folder, subjects(folder).at(-1)!);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function subjects(folder: string): Subject[] {
  const vit = vitEncoder();
  const vitFile = path.join(folder, 'vit.onnx');
  if (!existsSync(vitFile)) writeFileSync(vitFile, vit.model);
  const mobilenet: EncoderManifest = {
    ...vit.manifest,
    id: 'mobilenet-v2',
    output: { name: 'pooled', dimension: 1280, row: null, normalised: false },
  };
  if (!existsSync(MOBILENET)) console.log(`mobilenet-v2: skipped, no ${MOBILENET}`);
  return [
    ...(existsSync(MOBILENET) ? [{ manifest: mobilenet, model: MOBILENET, images: 1500 }] : []),
    { manifest: vit.manifest, model: vitFile, images: 250 },
  ];
}

async function compare(folder: string, subject: Subject, rounds: number): Promise<void> {
  const { manifest, images } = subject;
  const home = addEncoder(folder, subject);
  const ratios: number[] = [];
  let peak = 0;
  for (let round = 0; round < rounds; round++) {
    const sleeping = bareRate(subject, 'sleeping');
    const spinning = bareRate(subject, 'spinning');
    const name = `${manifest.id}-${round}`;
    await writePictures(path.join(folder, name), name, images);
    studio(home, 'import', path.join(folder, name), '--name', name, '--scale', '0,10', '--better', 'higher');
    const job = await extract(home, name, manifest.id);
    peak = Math.max(peak, job.peak);
    const bare = Math.max(sleeping, spinning);
    ratios.push(job.rate / bare);
    console.log(
      `${name}: job ${job.rate.toFixed(1)} images/s; bare ${sleeping.toFixed(1)} (threads sleep), ${spinning.toFixed(1)} (threads spin); ` +
        `${((100 * job.rate) / bare).toFixed(0)} % of the faster one, ${((100 * job.rate) / sleeping).toFixed(0)} % of the same settings`,
    );
  }
  console.log(
    `${manifest.id}: ${ratios.map((ratio) => `${(100 * ratio).toFixed(0)} %`).join(', ')} of the faster loop, batch ${CROP_COUNT}, ${THREADS} threads, peak memory of the encoder processes ${megabytes(peak)}`,
  );
}

/** Images per second of the model alone. */
function bareRate({ manifest, model, images }: Subject, waiting: 'sleeping' | 'spinning'): number {
  const runs = Math.min(images, BARE_RUNS);
  const facts = [
    model,
    manifest.output.name,
    manifest.preprocessing.size,
    CROP_COUNT,
    runs,
    THREADS,
    waiting,
  ];
  return runs / Number(execFileSync(process.execPath, [BARE, ...facts.map(String)], { encoding: 'utf8' }));
}

/** Two JPEGs and two PNGs of 100 megapixels: what they cost beyond small pictures. */
async function benchLargePictures(folder: string, subject: Subject): Promise<void> {
  const pictures = path.join(folder, 'large');
  mkdirSync(pictures);
  const side = 10_000;
  const noise = naturalPicture(500, 500, 1);
  const tile = await sharp(noise.data, { raw: { width: 500, height: 500, channels: 3 } })
    .png()
    .toBuffer();
  const rows = ['image,mos'];
  for (let i = 0; i < 4; i++) {
    const picture = sharp({
      create: { width: side, height: side, channels: 3, background: { r: i, g: 0, b: 0 } },
    });
    picture.composite([{ input: tile, tile: true }]);
    const name = `${i}.${i % 2 === 0 ? 'jpg' : 'png'}`;
    await (i % 2 === 0 ? picture.jpeg() : picture.png({ compressionLevel: 1 })).toFile(
      path.join(pictures, name),
    );
    rows.push(`${name},${i}`);
  }
  writeFileSync(path.join(pictures, 'scores.csv'), `${rows.join('\n')}\n`);
  const home = path.join(folder, `home-${subject.manifest.id}`);
  studio(home, 'import', pictures, '--name', 'large', '--scale', '0,10', '--better', 'higher');
  const { rate, peak } = await extract(home, 'large', subject.manifest.id);
  console.log(
    `100-megapixel pictures: ${rate.toFixed(2)} images/s, peak memory of the encoder processes ${megabytes(peak)}`,
  );
}

if (import.meta.main) await benchEncoders(Number(process.argv[2] ?? 2));

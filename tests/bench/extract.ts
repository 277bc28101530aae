/**
 * A KADID-sized extraction through the command line, decoding, hashing and SQLite included: `node tests/bench/extract.ts [images]`.
 * 512x384 JPEG and PNG files of 24 generated pictures, each with bytes of its own so that none is reused.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';

const KADID_IMAGES = 10_125;
const PICTURES = 24;
const STUDIO = path.resolve(import.meta.dirname, '../../src-main/cli.ts');

/** Prints seconds and images/s for JPEG and for PNG. */
export async function benchExtract(images = KADID_IMAGES): Promise<void> {
  for (const format of ['jpeg', 'png'] as const) {
    const folder = mkdtempSync(path.join(tmpdir(), 'biqa-extract-'));
    try {
      await writeImages(path.join(folder, 'images'), format, images);
      const studio = (...args: string[]): unknown =>
        JSON.parse(
          execFileSync(process.execPath, [STUDIO, ...args, '--home', path.join(folder, 'home'), '--json'], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          }),
        );
      studio(
        'import',
        path.join(folder, 'images'),
        '--name',
        'bench',
        '--scale',
        '0,10',
        '--better',
        'higher',
      );
      const { streams } = studio('extract', '--dataset', 'bench', '--streams', 'nss') as ExtractResult;
      const { done, seconds } = streams[0]!;
      const rate = done / seconds;
      console.log(
        `${format} 512x384: ${done} images in ${seconds.toFixed(1)} s on ${availableParallelism()} cores, ${rate.toFixed(0)} images/s; ` +
          `${KADID_IMAGES} images: ${(KADID_IMAGES / rate).toFixed(0)} s${images === KADID_IMAGES ? '' : ' (extrapolated)'}`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Bytes after the end of a JPEG or PNG change the file's hash and nothing else. */
async function writeImages(folder: string, format: 'jpeg' | 'png', images: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const encoded: Buffer[] = [];
  for (let seed = 0; seed < PICTURES; seed++) {
    const { width, height, data } = naturalPicture(512, 384, seed);
    encoded.push(
      await sharp(data, { raw: { width, height, channels: 3 } })
        [format]()
        .toBuffer(),
    );
  }
  const rows = ['image,mos'];
  for (let i = 0; i < images; i++) {
    const name = `${String(i).padStart(5, '0')}.${format === 'jpeg' ? 'jpg' : 'png'}`;
    writeFileSync(path.join(folder, name), Buffer.concat([encoded[i % PICTURES]!, Buffer.from(`#${i}`)]));
    rows.push(`${name},${i % 10}`);
  }
  writeFileSync(path.join(folder, 'scores.csv'), `${rows.join('\n')}\n`);
}

if (import.meta.main) await benchExtract(Number(process.argv[2] ?? KADID_IMAGES));

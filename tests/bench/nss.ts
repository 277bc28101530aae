/**
 * Speed of the NSS stream on one core: `node tests/bench/nss.ts`. Generated pictures; the split of the time; decoding
 * for comparison; and, where Python has NumPy and SciPy, the ratio to ../shared/peer/nss_numpy.py in the same run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { createNssExtractor } from '../../src-main/streams/nss/descriptor.ts';
import { createKernel } from '../../src-main/streams/nss/kernel.ts';
import { loadTile, tilesOf } from '../../src-main/streams/nss/tiles.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';

const SIZES = [
  [512, 384],
  [500, 500],
  [1024, 768],
] as const;
const RUNS = 15;
/** Rounds in which NumPy and the studio take turns, so that other load on the machine meets both. */
const ROUNDS = 3;
const PEER = path.resolve(import.meta.dirname, '../../../shared/peer/nss_numpy.py');

/** Prints the measurements to standard output. */
export async function benchNss(): Promise<void> {
  sharp.concurrency(1);
  const pictures = SIZES.map(([width, height], i) => naturalPicture(width, height, i + 1));
  console.log(`NSS on one core, ${os.cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
  const python = findPython();
  for (const picture of pictures) {
    console.log(`\n${picture.width} x ${picture.height}`);
    await reportSpeed(picture);
    await reportSplit(picture);
    await reportDecoding(picture);
    if (python) await reportRatio(picture, python);
  }
  if (!python)
    console.log(
      `\nNo ratio to NumPy: ${existsSync(PEER) ? 'no Python with numpy, scipy, Pillow' : `no ${PEER}`}`,
    );
}

async function reportSpeed(picture: RgbPicture): Promise<void> {
  const extractor = await createNssExtractor();
  const { min, median } = await timed(RUNS, () => extractor.describe(picture));
  console.log(`  descriptor  ${ms(median)} (min ${ms(min)}) = ${(1000 / median).toFixed(0)} images/s`);
}

async function reportSplit(picture: RgbPicture): Promise<void> {
  const kernel = await createKernel();
  const tiles = tilesOf(picture, kernel.tileBlocks);
  const parts = [{ name: 'copy to wasm', run: () => {} }, ...kernel.steps];
  const best = parts.map(() => Infinity);
  for (let run = 0; run < RUNS; run++) {
    const spent = parts.map(() => 0);
    for (const tile of tiles) {
      parts.forEach((part, i) => {
        const start = performance.now();
        if (i === 0) loadTile(kernel, picture, tile);
        else part.run(tile.blocks);
        spent[i]! += performance.now() - start;
      });
    }
    spent.forEach((time, i) => (best[i] = Math.min(best[i]!, time)));
  }
  const total = best.reduce((a, b) => a + b);
  console.log(
    `  split       ${parts.map((part, i) => `${part.name} ${((100 * best[i]!) / total).toFixed(0)} %`).join(', ')}`,
  );
}

async function reportDecoding(picture: RgbPicture): Promise<void> {
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  const jpeg = await sharp(picture.data, { raw }).jpeg({ quality: 90 }).toBuffer();
  const png = await sharp(picture.data, { raw }).png().toBuffer();
  const times = [];
  for (const [name, file] of [
    ['JPEG', jpeg],
    ['PNG', png],
  ] as const) {
    const { min, median } = await timed(RUNS, () => sharp(file).raw().toBuffer());
    times.push(`${name} ${ms(median)} (min ${ms(min)}, ${(file.length / 1024).toFixed(0)} KiB)`);
  }
  console.log(`  decoding    ${times.join(', ')}`);
}

async function reportRatio(picture: RgbPicture, python: string): Promise<void> {
  const extractor = await createNssExtractor();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nss-bench-'));
  try {
    const file = path.join(folder, 'picture.rgb');
    writeFileSync(file, picture.data);
    const ratios: number[] = [];
    let numpy = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      const peer = runNumpy(python, file, picture);
      const own = await timed(RUNS, () => extractor.describe(picture));
      numpy = Math.min(numpy, peer.milliseconds);
      ratios.push(peer.milliseconds / own.median);
      if (round === 0) {
        console.log(
          `  agreement   ${largestDeviation(extractor.describe(picture), peer.descriptor).toExponential(1)} from NumPy`,
        );
      }
    }
    ratios.sort((a, b) => a - b);
    console.log(
      `  NumPy       ${ms(numpy)}: ${ratios.map((ratio) => ratio.toFixed(0)).join(', ')} times the time of the studio`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TIME_PEER = `
import json, sys, time
import numpy as np
sys.path.insert(0, sys.argv[1])
from nss_numpy import descriptor
rgb = np.fromfile(sys.argv[2], np.uint8).reshape(int(sys.argv[4]), int(sys.argv[3]), 3)
times = []
for _ in range(3):
    start = time.perf_counter()
    d = descriptor(rgb)
    times.append(time.perf_counter() - start)
print(json.dumps({"milliseconds": 1000 * min(times), "descriptor": [float(v) for v in d]}))
`;

/** The best of three runs of the peer's descriptor(), single-threaded, without start-up and reading. */
function runNumpy(
  python: string,
  file: string,
  { width, height }: RgbPicture,
): { milliseconds: number; descriptor: number[] } {
  const output = execFileSync(
    python,
    ['-c', TIME_PEER, path.dirname(PEER), file, String(width), String(height)],
    {
      encoding: 'utf8',
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' },
    },
  );
  return JSON.parse(output) as { milliseconds: number; descriptor: number[] };
}

function findPython(): string | undefined {
  if (!existsSync(PEER)) return undefined;
  const candidates = [process.env.BIQA_PYTHON, '/tmp/venv/bin/python', 'python3'];
  return candidates.find((candidate) => candidate !== undefined && importsWork(candidate));
}

function importsWork(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import numpy, scipy.fft, PIL'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The measure of nss.md: max of |a - b| / max(1, |b|). */
function largestDeviation(a: Float32Array, b: number[]): number {
  return Math.max(...b.map((value, i) => Math.abs(a[i]! - value) / Math.max(1, Math.abs(value))));
}

/** Minimum and median time of `work` in milliseconds, after 300 ms in which V8 may optimise. */
async function timed(runs: number, work: () => unknown): Promise<{ min: number; median: number }> {
  const warm = performance.now() + 300;
  while (performance.now() < warm) await work();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { min: times[0]!, median: times[runs >> 1]! };
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`;
}

if (import.meta.main) await benchNss();

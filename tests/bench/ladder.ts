import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deadLeavesScene } from '../../src-main/distortions/dead-leaves.ts';
import { writeUnlessThere } from '../../src-main/distortions/ladder-rungs.ts';
import { makeLadderDataset } from '../../src-main/distortions/ladder-dataset.ts';
import { labPyramid, similarity } from '../../src-main/distortions/similarity.ts';
import { decodePicture } from '../../src-main/images/decode.ts';
import type { RgbPicture } from '../../src-main/images/picture.ts';
import { DISTORTION_TYPES, kadidName, worsensWithLevel } from '../../src-shared/distortions.ts';

const KODAK = path.resolve(import.meta.dirname, '../../../shared/data/kodak24');
const WORKERS = 2;
const LEVELS = [1, 2, 3, 4, 5];
const TOLERANCE = 1e-4;
const ALL_TYPES = DISTORTION_TYPES.map(({ type }) => type);
const SCENE = { width: 768, height: 512 };

/**
 * The ladder of the 24 Kodak pictures (of 4 generated scenes of their size where they are not at hand), all 25 types and
 * 5 levels on 2 threads: wall and CPU seconds per type and in all, and the mean similarity per level with its check.
 */
export async function benchLadder(types: readonly string[] = ALL_TYPES): Promise<void> {
  const folder = await mkdtemp(path.join(process.env['BIQA_BENCH_TMP'] ?? tmpdir(), 'biqa-ladder-'));
  try {
    const from = existsSync(KODAK) ? KODAK : await generatedScenes(path.join(folder, 'scenes'));
    const references = (await readdir(from)).filter((name) => name.endsWith('.png')).sort();
    console.log(`${references.length} pictures from ${from}, ${WORKERS} threads`);

    let wall = 0;
    let cpu = 0;
    let bytes = 0;
    let wrong = 0;
    const pristine = await Promise.all(references.map((name) => read(path.join(from, name))));
    console.log(
      'type  name                              s wall  s CPU     MB   mean similarity at levels 1-5',
    );
    for (const { type, name } of DISTORTION_TYPES.filter((row) => types.includes(row.type))) {
      const to = path.join(folder, type);
      const started = performance.now();
      const cpuBefore = process.cpuUsage();
      const settings = { name: 'bench', types: [type], levels: LEVELS, seed: 1 };
      await makeLadderDataset(from, to, settings, { workers: WORKERS });
      const used = process.cpuUsage(cpuBefore);
      const seconds = { wall: (performance.now() - started) / 1000, cpu: (used.user + used.system) / 1e6 };
      const size = await sizeOf(to);
      const means = await meanSimilarity(to, type, references, pristine);
      const falls = means.every((mean, k) => k === 0 || mean <= means[k - 1]! + TOLERANCE);
      const verdict = !worsensWithLevel(type) ? 'not checked' : falls ? 'falls' : 'DOES NOT FALL';
      if (verdict === 'DOES NOT FALL') wrong++;
      console.log(
        `${type}    ${name.padEnd(32)} ${seconds.wall.toFixed(2).padStart(7)} ${seconds.cpu.toFixed(2).padStart(6)} ${(size / 1e6).toFixed(0).padStart(6)}   ${means.map((mean) => mean.toFixed(5)).join(' ')}  ${verdict}`,
      );
      wall += seconds.wall;
      cpu += seconds.cpu;
      bytes += size;
      await rm(to, { recursive: true });
    }
    const images = references.length * types.length * LEVELS.length;
    console.log(
      `${images} images in ${wall.toFixed(0)} s (${cpu.toFixed(0)} s of CPU), ${(bytes / 1e9).toFixed(2)} GB; ${wrong} types whose similarity does not fall`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function generatedScenes(folder: string): Promise<string> {
  await mkdir(folder);
  for (const scene of ['a', 'b', 'c', 'd']) {
    await writeUnlessThere(path.join(folder, `${scene}.png`), SCENE, () =>
      deadLeavesScene(scene, SCENE.width, SCENE.height),
    );
  }
  return folder;
}

async function meanSimilarity(
  folder: string,
  type: string,
  references: readonly string[],
  pristine: readonly RgbPicture[],
): Promise<number[]> {
  const sums = LEVELS.map(() => 0);
  for (const [i, reference] of references.entries()) {
    const pyramid = labPyramid(pristine[i]!);
    for (const [k, level] of LEVELS.entries()) {
      const name = kadidName({ reference: path.parse(reference).name, type, level });
      sums[k]! += similarity(pyramid, await read(path.join(folder, name)));
    }
  }
  return sums.map((sum) => sum / references.length);
}

async function read(file: string): Promise<RgbPicture> {
  return decodePicture(await readFile(file), file);
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

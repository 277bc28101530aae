import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { deadLeavesScene } from '../../src-main/distortions/dead-leaves.ts';
import { makeLadderDataset } from '../../src-main/distortions/ladder-dataset.ts';
import { findSources } from '../../src-main/distortions/ladder-sources.ts';
import { labPyramid, similarity } from '../../src-main/distortions/similarity.ts';
import { decodePicture } from '../../src-main/images/decode.ts';
import { DISTORTION_TYPES, kadidName, worsensWithLevel } from '../../src-shared/distortions.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const root = temporary('ladder');
const scenes = path.join(root, 'scenes');
const SIZE = { width: 192, height: 144 };
const TYPES = DISTORTION_TYPES.map(({ type }) => type);
const ALL = { name: 'all', types: TYPES, levels: [1, 2, 3, 4, 5], seed: 1 };
const FEW = { name: 'few', types: ['09', '11'], levels: [1, 4], seed: 1 };

async function writeScene(file: string, seed: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const { width, height, data } = deadLeavesScene(seed, SIZE.width, SIZE.height);
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(file);
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const pairs = names.map(async (name) => {
    const bytes = await readFile(path.join(folder, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}
async function read(file: string) {
  return decodePicture(await readFile(file), file);
}

beforeAll(async () => {
  for (const name of ['p', 'q', 'r']) await writeScene(path.join(scenes, `${name}.png`), name);
});

describe('a ladder of all 25 types and 5 levels', { timeout: 60_000 }, () => {
  const folder = path.join(root, 'all');

  it('is written whole: pristine copies, distortions, labels without scores, card', async () => {
    const progress: number[] = [];
    const made = await makeLadderDataset(scenes, folder, ALL, {
      workers: 2,
      onProgress: (done) => progress.push(done),
    });
    expect(made).toEqual({ references: 3, images: 375 });
    expect(progress.at(-1)).toBe(378);
    const lines = (await readFile(path.join(folder, 'labels.csv'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(1 + 378);
    expect(lines.slice(0, 3)).toEqual([
      'image,reference,distortion,level',
      'p.png,p.png,,0',
      'p_01_01.png,p.png,01,1',
    ]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.png'))).toHaveLength(378);
    expect((await read(path.join(folder, 'q.png'))).data).toEqual(
      (await read(path.join(scenes, 'q.png'))).data,
    );
  });

  it('never gets more similar to the reference with the level, but for mean shift and contrast change', async () => {
    const pyramids = await Promise.all(
      ['p', 'q', 'r'].map(
        async (name) => [name, labPyramid(await read(path.join(scenes, `${name}.png`)))] as const,
      ),
    );
    for (const type of TYPES.filter(worsensWithLevel)) {
      const means: number[] = [];
      for (const level of ALL.levels) {
        const values = await Promise.all(
          pyramids.map(async ([reference, pyramid]) =>
            similarity(pyramid, await read(path.join(folder, kadidName({ reference, type, level })))),
          ),
        );
        means.push(values.reduce((sum, value) => sum + value, 0) / values.length);
      }
      means.slice(1).forEach((mean, k) => expect(mean, type).toBeLessThanOrEqual(means[k]! + 1e-4));
      expect(means[4], type).toBeLessThan(means[0]! - 0.02);
    }
  });
});

describe('the bytes of a ladder', () => {
  let made: Record<string, string>;
  beforeAll(async () => {
    await makeLadderDataset(scenes, path.join(root, 'few'), FEW, { workers: 2 });
    made = await hashes(path.join(root, 'few'));
  });

  it('do not depend on the number of threads', async () => {
    await makeLadderDataset(scenes, path.join(root, 'single'), FEW, { workers: 1 });
    expect(await hashes(path.join(root, 'single'))).toEqual(made);
  });

  it('follow from content, type, level and seed, not from names, neighbours or what else is made', async () => {
    const other = path.join(root, 'other');
    await mkdir(other);
    await cp(path.join(scenes, 'q.png'), path.join(other, 'renamed.png'));
    const to = path.join(root, 'of-other');
    await makeLadderDataset(other, to, { ...FEW, types: ['11'], levels: [4] });
    expect((await hashes(to))['renamed_11_04.png']).toBe(made['q_11_04.png']);
    const seeded = path.join(root, 'seeded');
    await makeLadderDataset(other, seeded, { ...FEW, types: ['11'], levels: [4], seed: 2 });
    expect((await hashes(seeded))['renamed_11_04.png']).not.toBe(made['q_11_04.png']);
  });

  it('are the same after a stop; whole files stay as they are, broken ones are made again', async () => {
    const to = path.join(root, 'stopped');
    const stop = new AbortController();
    const run = makeLadderDataset(scenes, to, FEW, {
      workers: 2,
      signal: stop.signal,
      onProgress: (done) => done === 5 && stop.abort(),
    });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    const left = await readdir(to);
    expect(left).not.toContain('labels.csv');
    // A disk that was full, a copy that was cut: the end is missing.
    const cut = left.find((name) => /_\d\d_0\d\.png$/.test(name));
    await truncate(path.join(to, cut!), 2000);
    await makeLadderDataset(scenes, to, FEW, { workers: 2 });
    expect(await hashes(to)).toEqual(made);
  });
});

describe('what cannot be used', () => {
  it('is refused: no folder, a file, no pictures, none usable', async () => {
    const to = path.join(root, 'nowhere');
    const make = (from: string) => makeLadderDataset(from, to, FEW);
    await expect(make(path.join(root, 'absent'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(make(path.join(scenes, 'p.png'))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('a file') as string,
    });
    const texts = path.join(root, 'texts');
    await mkdir(texts);
    await writeFile(path.join(texts, 'notes.txt'), 'x');
    await expect(make(texts)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('no pictures') as string,
    });
    await writeFile(path.join(texts, 'fake.png'), 'not a picture');
    await expect(make(texts)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('unknown format') as string,
    });
    await expect(readdir(to)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is told and left out, and the others are made', async () => {
    const mixed = path.join(root, 'mixed');
    await cp(scenes, mixed, { recursive: true });
    await writeFile(path.join(mixed, 'fake.jpg'), 'not a picture');
    await sharp({ create: { width: 31, height: 40, channels: 3, background: 'red' } }).toFile(
      path.join(mixed, 'tiny.png'),
    );
    // A good header, cut off: only decoding finds it out.
    const whole = await readFile(path.join(scenes, 'p.png'));
    await writeFile(path.join(mixed, 'cut.png'), whole.subarray(0, whole.length / 2));
    const refused: string[] = [];
    const to = path.join(root, 'of-mixed');
    const made = await makeLadderDataset(mixed, to, FEW, {
      onRefused: (file, { code }) => refused.push(`${file} ${code}`),
    });
    expect(made).toEqual({ references: 3, images: 12 });
    expect(refused.sort()).toEqual([
      'cut.png unreadable-image',
      'fake.jpg unsupported-image',
      'tiny.png unsupported-image',
    ]);
    expect(await readFile(path.join(to, 'labels.csv'), 'utf8')).not.toContain('cut');
  });

  it('a folder with other things or other settings is no place for a ladder', async () => {
    await expect(makeLadderDataset(scenes, scenes, FEW)).rejects.toMatchObject({ code: 'conflict' });
    await expect(
      makeLadderDataset(scenes, path.join(root, 'few'), { ...FEW, seed: 9 }),
    ).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('names', () => {
  it('are safe, unique, never those of a rung, and leave an earlier ladder inside the folder out', async () => {
    const from = path.join(root, 'names');
    for (const [file, seed] of [
      ['a b,c.png', '1'],
      ['sub/a.png', '2'],
      ['sub-a.png', '3'],
      ['x_01_05.png', '4'],
      ['ladder/old.png', '5'],
    ] as const) {
      await writeScene(path.join(from, file), seed);
    }
    const { sources } = await findSources(from, path.join(from, 'ladder'));
    const names = sources.map(({ name }) => name);
    expect(names).toHaveLength(4);
    expect(names[0]).toBe('a-b-c');
    expect(new Set(names).size).toBe(4);
    names.slice(1).forEach((name) => expect(name).toMatch(/^(sub-a|x_01_05)-[0-9a-f]{8}$/));
    await rm(from, { recursive: true });
  });
});

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDemoDataset } from '../../src-main/distortions/demo-dataset.ts';
import { parseKadidName } from '../../src-shared/distortions.ts';

const SMALL = { scenes: 3, types: ['07', '11'], size: { width: 96, height: 96 } };
let root: string;
let made: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'biqa-demo-'));
  made = path.join(root, 'made');
  await makeDemoDataset(made, { ...SMALL, workers: 2 });
});
afterAll(() => rm(root, { recursive: true }));

async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const pairs = names.map(async (name) => {
    const bytes = await readFile(path.join(folder, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

describe('makeDemoDataset', () => {
  it('writes pristine scenes, distortions, labels, card and a note', async () => {
    const names = await readdir(made);
    expect(names.filter((name) => parseKadidName(name) !== null)).toHaveLength(30);
    expect(names.filter((name) => /^I\d+\.png$/.test(name)).sort()).toEqual([
      'I01.png',
      'I02.png',
      'I03.png',
    ]);
    expect(names.filter((name) => !name.endsWith('.png')).sort()).toEqual([
      'README.txt',
      'dataset.json',
      'labels.csv',
    ]);
    expect(await sharp(path.join(made, 'I02_11_05.png')).metadata()).toMatchObject({
      width: 96,
      height: 96,
      channels: 3,
      format: 'png',
    });
    const card = JSON.parse(await readFile(path.join(made, 'dataset.json'), 'utf8')) as unknown;
    expect(card).toMatchObject({
      format: 'biqa-demo',
      synthetic: true,
      scale: [1, 5],
      better: 'higher',
      seed: 1,
    });
    expect(await readFile(path.join(made, 'README.txt'), 'utf8')).toMatch(/^SYNTHETIC/);
  });

  it('labels every image, worse with the level', async () => {
    const [header, ...rows] = (await readFile(path.join(made, 'labels.csv'), 'utf8')).trim().split('\n');
    expect(header).toBe('image,reference,distortion,level,mos,std,votes');
    expect(rows).toHaveLength(30);
    const byLevel = new Map<string, number>();
    for (const row of rows) {
      const [image, reference, distortion, level, mos] = row.split(',');
      const name = parseKadidName(image!);
      expect([reference, distortion, level]).toEqual([
        `${name?.reference}.png`,
        name?.type,
        String(name?.level),
      ]);
      byLevel.set(level!, (byLevel.get(level!) ?? 0) + Number(mos) / 6);
    }
    expect(byLevel.get('5')).toBeLessThan(byLevel.get('1')! - 0.5);
  });

  it('gives the same bytes again, with another number of workers', async () => {
    const again = path.join(root, 'again');
    await makeDemoDataset(again, { ...SMALL, workers: 1 });
    expect(await hashes(again)).toEqual(await hashes(made));
  });

  it('goes on after a stop: keeps whole files, makes missing ones, ends with the same bytes', async () => {
    const stopped = path.join(root, 'stopped');
    const stop = new AbortController();
    const counts: number[] = [];
    const run = makeDemoDataset(stopped, {
      ...SMALL,
      workers: 2,
      signal: stop.signal,
      onProgress: (done) => {
        counts.push(done);
        if (done === 8) stop.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    const left = await readdir(stopped);
    expect(left).not.toContain('labels.csv');
    // Which ones were finished is up to the two threads.
    const whole = left.find((name) => /_\d\d_\d\d\.png$/.test(name))!;
    expect(whole).toBeDefined();
    await writeFile(path.join(stopped, 'I03_11_05.png.part'), 'half a file');
    const old = new Date('2020-01-01');
    await utimes(path.join(stopped, whole), old, old);

    let last = 0;
    await makeDemoDataset(stopped, { ...SMALL, workers: 2, onProgress: (done) => (last = done) });
    expect(last).toBe(30);
    expect((await stat(path.join(stopped, whole))).mtime).toEqual(old);
    expect(await hashes(stopped)).toEqual(await hashes(made));
  });

  it('does nothing in a complete folder', async () => {
    const calls: [number, number][] = [];
    await makeDemoDataset(made, { ...SMALL, onProgress: (done, total) => calls.push([done, total]) });
    expect(calls).toEqual([[30, 30]]);
  });

  it('refuses folders with other data or other settings, and options it cannot follow', async () => {
    await expect(makeDemoDataset(made, { ...SMALL, seed: 2 })).rejects.toMatchObject({ code: 'conflict' });
    await expect(makeDemoDataset(root, SMALL)).rejects.toMatchObject({ code: 'conflict' });
    const other = path.join(root, 'other');
    await expect(makeDemoDataset(other, { types: ['99'] })).rejects.toMatchObject({ code: 'bad-input' });
    await expect(makeDemoDataset(other, { scenes: 0 })).rejects.toMatchObject({ code: 'bad-input' });
    await expect(makeDemoDataset(other, { size: { width: 8, height: 8 } })).rejects.toMatchObject({
      code: 'bad-input',
    });
    await expect(makeDemoDataset(other, { ...SMALL, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    await expect(readdir(other)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

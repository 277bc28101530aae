/** Acceptance 2 on the real label files of ../shared (skipped where they are not there). */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DatasetDraft } from '../../src-main/datasets/draft.ts';
import { scanInWorker } from '../../src-main/datasets/scan-thread.ts';
import { makeTree, TINY_PNG } from './datasets-tree.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../shared/data');
const hasShared = existsSync(SHARED);
if (!hasShared) console.log(`Skipped: the real label files are not at ${SHARED}`);

const scan = (folder: string): Promise<DatasetDraft> => scanInWorker(folder, {}, new Map(), {});
const count = (draft: DatasetDraft, status: string): number =>
  draft.images.filter((image) => image.status === status).length;

/** A folder with the label files and, under `images`, one small picture per name (last bytes differ). */
function generated(labels: string[], imageFolder: string, nameOf: (line: string) => string): string {
  const folder = makeTree({});
  for (const label of labels) copyFileSync(path.join(SHARED, label), path.join(folder, path.basename(label)));
  mkdirSync(path.join(folder, imageFolder));
  const lines = readFileSync(path.join(SHARED, labels[0]!), 'utf8').trim().split('\n').slice(1);
  lines.forEach((line, i) => {
    // Bytes behind IEND are not part of the picture, but of the file's hash.
    writeFileSync(
      path.join(folder, imageFolder, nameOf(line)),
      Buffer.concat([TINY_PNG, Buffer.from(String(i))]),
    );
  });
  return folder;
}

async function timed(title: string, folder: string): Promise<{ draft: DatasetDraft; seconds: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  const draft = await scan(folder);
  const { user, system } = process.cpuUsage(before);
  // On a machine that is busy with other tests the wall clock measures them; alone, it is the smaller one.
  const seconds = Math.min((performance.now() - started) / 1000, (user + system) / 1e6);
  const rate = draft.bytes / 1e6 / draft.seconds;
  console.log(
    `${title}: ${draft.images.length} images in ${seconds.toFixed(2)} s, ${rate.toFixed(2)} MB/s, ${(draft.images.length / draft.seconds).toFixed(0)} files/s`,
  );
  return { draft, seconds };
}

describe.skipIf(!hasShared)('real label files (../shared)', () => {
  it('LIVE In the Wild sample: 80 images found, 1,082 missing', async () => {
    const { draft } = await timed(
      'live-itw-sample',
      path.join(SHARED, 'live-itw-sample/ChallengeDB_release'),
    );
    expect(draft).toMatchObject({
      format: 'live-itw',
      label: 'MOS',
      scale: { min: 0, max: 100, better: 'higher' },
      groupKind: null,
      duplicates: 0,
    });
    expect([draft.images.length, count(draft, 'ok'), count(draft, 'missing')]).toEqual([1162, 80, 1082]);
    expect(draft.images[0]).toMatchObject({
      name: '100.bmp',
      labels: [{ mos: 32.56107532210109, std: 19.12472638223644 }],
    });
    expect(draft.images.find(({ name }) => name === '1113.JPG')).toMatchObject({
      width: 608,
      height: 608,
      status: 'ok',
    });
    expect(draft.images.find(({ name }) => name === '1024.JPG')).toMatchObject({
      width: 640,
      height: 960,
      status: 'ok',
    });
    expect(draft.problems.filter(({ kind }) => kind === 'dropped')).toHaveLength(7);
  });

  it('AGIQA-3K sample: 747 images in 75 groups', async () => {
    const { draft } = await timed('agiqa-3k-sample', path.join(SHARED, 'agiqa-3k-sample'));
    expect(draft).toMatchObject({
      format: 'agiqa-3k',
      label: 'mos_quality',
      groupKind: 'prompt',
      noScore: 0,
    });
    expect([draft.images.length, count(draft, 'ok')]).toEqual([747, 747]);
    expect(new Set(draft.images.map(({ group }) => group)).size).toBe(75);
  });

  it('KonIQ-10k: 10,073 rows in under 10 s, with the official split', async () => {
    const folder = generated(
      [
        'labels/koniq10k/koniq10k_scores_and_distributions.csv',
        'labels/koniq10k/koniq10k_distributions_sets.csv',
      ],
      '512x384',
      (line) => line.split(',')[0]!.replaceAll('"', ''),
    );
    const { draft, seconds } = await timed('KonIQ-10k', folder);
    expect(seconds).toBeLessThan(10);
    expect([draft.images.length, count(draft, 'ok')]).toEqual([10_073, 10_073]);
    const splits = Object.groupBy(draft.images, ({ split }) => split ?? 'none');
    expect([splits['training']?.length, splits['validation']?.length, splits['test']?.length]).toEqual([
      7058, 1000, 2015,
    ]);
    const scores = draft.images.map(({ labels }) => labels.find(({ name }) => name === 'MOS_zscore')!.mos);
    expect([Math.min(...scores), Math.max(...scores)].map((score) => score.toFixed(2))).toEqual([
      '3.91',
      '88.39',
    ]);
    expect(new Set(draft.images.map(({ sha256 }) => sha256)).size).toBe(10_073);
  });

  it('KADID-10k: 10,125 rows in under 10 s, 81 references, 25 types, 5 levels', async () => {
    const folder = generated(['labels/kadid10k/dmos.csv'], 'images', (line) => line.split(',')[0]!);
    const { draft, seconds } = await timed('KADID-10k', folder);
    expect(seconds).toBeLessThan(10);
    expect([draft.images.length, count(draft, 'ok')]).toEqual([10_125, 10_125]);
    const distinct = (key: 'group' | 'distortion' | 'level'): number =>
      new Set(draft.images.map((image) => image[key])).size;
    expect([distinct('group'), distinct('distortion'), distinct('level')]).toEqual([81, 25, 5]);
    expect(draft.notes.join(' ')).toContain('in spite of its name');
  });
});

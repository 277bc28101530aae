/** kill -9 in the middle of work: what comes out is what would have come out, and little is done twice. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { startCatalogWriter } from '../../src-main/catalog/writer.ts';
import type { CatalogWriter } from '../../src-main/catalog/commands.ts';
import { openCatalogReader } from '../../src-main/catalog/reader.ts';
import { Encoders } from '../../src-main/streams/vision/encoders.ts';
import { extractStreams } from '../../src-main/jobs/extract.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import {
  featuresAtLeast,
  featuresIn,
  startStudio,
  studio,
  temporaryFolders,
} from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const data = temporary('data');
const imported = temporary('imported');
const IMAGES = 420;
const EXTRACT = ['extract', '--dataset', 'rated', '--streams', 'nss', '--json'];

/** A home in which the dataset is imported and nothing else has been done. */
function freshHome(name: string): string {
  const home = temporary(name);
  cpSync(path.join(imported, 'catalog.sqlite'), path.join(home, 'catalog.sqlite'));
  return home;
}

beforeAll(async () => {
  const folder = path.join(data, 'rated');
  await makeSmallDataset(folder, { images: IMAGES, width: 240, height: 180 });
  expect((await studio(['import', folder, ...SMALL_DATASET_FLAGS], { home: imported })).code).toBe(0);
});

function query<T>(home: string, sql: string): T[] {
  const db = new Database(path.join(home, 'catalog.sqlite'), { readonly: true });
  try {
    return db.prepare<[], T>(sql).all();
  } finally {
    db.close();
  }
}
const integrity = (home: string) => query(home, 'PRAGMA integrity_check');
const OK = [{ integrity_check: 'ok' }];

describe('an extraction', { timeout: 120_000 }, () => {
  const features = (home: string) =>
    query<{ content: string; vector: string }>(
      home,
      'SELECT content, stream, version, hex(vector) AS vector FROM features ORDER BY 1, 2, 3',
    );
  let uninterrupted: ReturnType<typeof features>;

  it('without a crash, to compare with', async () => {
    const home = freshHome('whole');
    const { streams } = (await studio(EXTRACT, { home })).json<ExtractResult>();
    expect(streams).toMatchObject([{ done: IMAGES, failed: 0, reused: 0 }]);
    uninterrupted = features(home);
    expect(uninterrupted).toHaveLength(IMAGES);
  });

  it.each([10, 50, 90])('killed at %i percent goes on and ends with the same bytes', async (percent) => {
    const home = freshHome(`killed-${percent}`);
    const extracting = startStudio(EXTRACT, { home });
    await featuresAtLeast(home, Math.ceil((IMAGES * percent) / 100));
    extracting.child.kill('SIGKILL');
    expect((await extracting.ended).signal).toBe('SIGKILL');
    const held = featuresIn(home);
    expect(held).toBeGreaterThanOrEqual((IMAGES * percent) / 100);
    expect(held).toBeLessThan(IMAGES);
    expect(integrity(home)).toEqual(OK);
    expect(query(home, 'SELECT status FROM jobs ORDER BY id DESC LIMIT 1')).toEqual([{ status: 'running' }]);

    const { streams } = (await studio(EXTRACT, { home })).json<ExtractResult>();
    // The very job that was killed: it was not queued a second time, and nothing in the catalog was done again.
    expect(query(home, `SELECT status FROM jobs WHERE kind = 'extract'`)).toEqual([{ status: 'done' }]);
    expect(streams).toMatchObject([{ done: IMAGES, failed: 0, reused: held }]);
    expect(features(home)).toEqual(uninterrupted);
    expect(integrity(home)).toEqual(OK);
  });

  it('is never more than 64 images and 10 seconds ahead of the catalog', async () => {
    const home = freshHome('ahead');
    const file = path.join(home, 'catalog.sqlite');
    const started = await startCatalogWriter(file, home);
    const reader = openCatalogReader(file);
    let saved = 0;
    let lastSave = performance.now();
    let longest = 0;
    const saveFeatures: CatalogWriter['saveFeatures'] = async (key, done, failed) => {
      await started.writer.saveFeatures(key, done, failed);
      saved += done.length;
      longest = Math.max(longest, performance.now() - lastSave);
      lastSave = performance.now();
    };
    const writer = new Proxy(started.writer, {
      get: (target, name: keyof CatalogWriter) => (name === 'saveFeatures' ? saveFeatures : target[name]),
    });
    let ahead = 0;
    await extractStreams(
      { dataset: 1, streams: ['nss'] },
      {
        signal: new AbortController().signal,
        intent: () => null,
        progress: ({ done }) => (ahead = Math.max(ahead, (done ?? 0) - saved)),
        fail: () => expect.unreachable(),
      },
      { reader, writer, encoders: new Encoders({ folder: path.join(home, 'encoders'), reader, writer }) },
    );
    reader.close();
    await started.close();
    expect(saved).toBe(IMAGES);
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThanOrEqual(64);
    expect(longest).toBeLessThan(10_000);
  });
});

describe('an experiment', { timeout: 120_000 }, () => {
  const spec = path.join(data, 'spec.json');
  const SPEC = {
    train: 'rated',
    streams: ['nss'],
    fusion: { hidden: [32, 16] },
    training: { epochs: 25, batch: 32, seed: 7 },
    protocol: { kind: 'cv', folds: 4, unit: 'group' },
  };
  let extracted: string;
  const homeWithFeatures = (name: string) => {
    const home = temporary(name);
    cpSync(path.join(extracted, 'catalog.sqlite'), path.join(home, 'catalog.sqlite'));
    return home;
  };
  const folds = (home: string) =>
    query<{ fold: number; seconds: string; head: Buffer }>(
      home,
      'SELECT fold, seconds, head FROM folds ORDER BY fold',
    );
  const results = async (home: string) => {
    const file = path.join(home, 'results.csv');
    expect((await studio(['results', '1', '--csv', file], { home })).code).toBe(0);
    return readFileSync(file, 'utf8');
  };

  beforeAll(async () => {
    extracted = freshHome('extracted');
    expect((await studio(EXTRACT, { home: extracted })).code).toBe(0);
    // The same pictures under another name, so that finetune has a second dataset; their features are there already.
    const again = ['import', path.join(data, 'rated'), ...SMALL_DATASET_FLAGS, '--name', 'other'];
    expect((await studio(again, { home: extracted })).code).toBe(0);
    const other = ['extract', '--dataset', 'other', '--streams', 'nss'];
    expect((await studio(other, { home: extracted })).code).toBe(0);
    writeFileSync(spec, JSON.stringify(SPEC));
  });

  it.each([
    ['cv', SPEC, IMAGES],
    [
      'finetune',
      {
        ...SPEC,
        test: 'other',
        protocol: { kind: 'finetune', folds: 4, unit: 'group', seeds: [1, 2], mcDropout: 3, epochs: 5 },
      },
      IMAGES,
    ],
    ['split', { ...SPEC, protocol: { kind: 'split', repeats: 4, unit: 'image' } }, null],
  ])(
    '%s, killed in the third part, goes on with it and ends with the same predictions, bit for bit',
    async (kind, content, predicted) => {
      const file = path.join(data, `${kind}.json`);
      writeFileSync(file, JSON.stringify(content));
      const whole = homeWithFeatures(`whole-${kind}`);
      expect((await studio(['run', file], { home: whole })).code).toBe(0);
      const expected = await results(whole);
      if (predicted !== null) expect(expected.trimEnd().split('\n')).toHaveLength(predicted + 1);

      const home = homeWithFeatures(`killed-${kind}`);
      const training = startStudio(['run', file, '--json'], { home });
      while (folds(home).length < 2) await sleep(5);
      training.child.kill('SIGKILL');
      await training.ended;
      const before = folds(home);
      expect([2, 3]).toContain(before.length);
      expect(integrity(home)).toEqual(OK);

      const again = await studio(['run', file, '--json'], { home });
      expect(again.json()).toMatchObject({ experiment: 1, runs: [{ run: 1, status: 'done' }] });
      // A fold that was trained again would have taken another time.
      expect(folds(home)).toEqual(expect.arrayContaining(before)); // trained side by side: not in order
      expect(folds(home).map((f) => f.head)).toEqual(folds(whole).map((f) => f.head));
      expect(await results(home)).toBe(expected);
      expect(integrity(home)).toEqual(OK);
    },
  );

  it('stopped by Ctrl-C, which its training process hears too, is cancelled and not failed', async () => {
    const home = homeWithFeatures('terminal');
    const training = startStudio(['run', spec, '--json'], { home, group: true });
    while (folds(home).length < 1) await sleep(5);
    process.kill(-training.child.pid!, 'SIGINT');
    const ended = await training.ended;
    expect([ended.code, ended.json()]).toMatchObject([130, { error: { code: 'cancelled' } }]);
    expect(query(home, 'SELECT status, error FROM runs')).toEqual([{ status: 'cancelled', error: null }]);
  });

  // Finding the child needs /proc.
  it.skipIf(process.platform !== 'linux')(
    'whose training process is killed fails with a remedy, and goes on from its folds',
    async () => {
      const home = homeWithFeatures('child');
      const env = { NODE_COMPILE_CACHE: undefined }; // as it is for users
      const training = startStudio(['run', spec, '--json'], { home, env });
      while (folds(home).length < 1) await sleep(5);
      const children = readFileSync(`/proc/${training.child.pid}/task/${training.child.pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('compute-process'));
      process.kill(Number(children[0]), 'SIGKILL'); // one of those that train side by side
      const ended = await training.ended;
      expect([ended.code, ended.json()]).toMatchObject([
        1,
        {
          error: {
            code: 'internal',
            message: expect.stringContaining('SIGKILL') as string,
            hint: expect.stringContaining('Retry') as string,
          },
        },
      ]);
      // Although killed, it has left for the next ones what Node compiled of it.
      expect(readdirSync(path.join(home, 'compiled'))).not.toEqual([]);
      const before = folds(home);
      const failed = query<{ id: number }>(home, `SELECT id FROM jobs WHERE kind = 'experiment'`)[0]!.id;
      expect(query(home, 'SELECT status FROM runs')).toEqual([{ status: 'failed' }]);
      expect((await studio(['jobs', 'retry', String(failed)], { home })).code).toBe(0);
      expect(query(home, 'SELECT status FROM runs')).toEqual([{ status: 'done' }]);
      expect(folds(home)).toEqual(expect.arrayContaining(before));
    },
  );
});

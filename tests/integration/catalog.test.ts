import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import type { CatalogWriter } from '../../src-main/catalog/commands.ts';
import { MIGRATIONS } from '../../src-main/catalog/migrations/index.ts';
import { openCatalogForReading } from '../../src-main/catalog/open.ts';
import { openCatalogReader, type CatalogReader } from '../../src-main/catalog/reader.ts';
import { startCatalogWriter } from '../../src-main/catalog/writer.ts';
import { contentOf, datasetRow, imageRow, METRICS, NSS_KEY, runRow } from '../fixtures/catalog-rows.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
let folder: string;
let file: string;
let writer: CatalogWriter;
let reader: CatalogReader;
let close: () => Promise<void>;

async function open(): Promise<void> {
  const started = await startCatalogWriter(file, path.join(folder, 'backups'));
  writer = started.writer;
  reader = openCatalogReader(file);
  close = async () => {
    reader.close();
    await started.close();
  };
}
beforeEach(async () => {
  folder = temporary('catalog');
  file = path.join(folder, 'catalog.sqlite');
  await open();
});
afterEach(async () => {
  await close();
  const db = new Database(file);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  db.close();
});

const vector = (...values: number[]) => Float32Array.from(values);
const names = (query: Parameters<CatalogReader['images']['page']>[0]) =>
  reader.images.page(query).items.map((i) => i.name);

describe('the file', () => {
  it('has STRICT tables only, WAL, every migration, and ids that never come again', () => {
    const db = openCatalogForReading(file);
    const tables = db.pragma('table_list') as {
      name: string;
      type: string;
      strict: number;
      schema: string;
    }[];
    const own = tables.filter(
      (t) => t.type === 'table' && t.schema === 'main' && !t.name.startsWith('sqlite_'),
    );
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((t) => t.strict !== 1)).toEqual([]);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    db.close();
  });

  it('can not be written through the reading side', () => {
    const db = openCatalogForReading(file);
    expect(() => db.exec('DELETE FROM datasets')).toThrow(/readonly/);
    db.close();
  });

  it('is backed up before a later migration, which a fresh one is not', async () => {
    expect(readdirSync(folder)).not.toContain('backups');
    await writer.saveDataset(datasetRow('kept', [imageRow('a.png')]), null);
    await close();
    const all = MIGRATIONS as { name: string; sql: string }[];
    all.push({ name: '9999-test', sql: 'CREATE TABLE later (x INTEGER) STRICT; DELETE FROM images;' });
    try {
      // The catalog thread has its own copy of the modules: migrate here.
      const { openCatalogForWriting } = await import('../../src-main/catalog/open.ts');
      (await openCatalogForWriting(file, path.join(folder, 'backups'))).close();
    } finally {
      all.pop();
    }
    const backup = new Database(path.join(folder, 'backups', 'before-9999-test.sqlite'), { readonly: true });
    expect(backup.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(backup.prepare('SELECT count(*) FROM images').pluck().get()).toBe(1);
    expect(backup.pragma('integrity_check', { simple: true })).toBe('ok');
    backup.close();
    const migrated = new Database(file);
    expect(migrated.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1);
    expect(migrated.prepare('SELECT count(*) FROM later').pluck().get()).toBe(0);
    migrated.pragma(`user_version = ${MIGRATIONS.length}`);
    migrated.close();
    await open();
  });

  it('stays at the old version where a migration fails', async () => {
    await close();
    const all = MIGRATIONS as { name: string; sql: string }[];
    all.push({ name: '9999-bad', sql: 'CREATE TABLE later (x INTEGER) STRICT; SELECT nonsense;' });
    const { openCatalogForWriting } = await import('../../src-main/catalog/open.ts');
    await expect(openCatalogForWriting(file, path.join(folder, 'backups'))).rejects.toThrow(/nonsense/);
    all.pop();
    await open();
    const db = openCatalogForReading(file);
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'later'`).pluck().get()).toBe(0);
    db.close();
  });

  it('of a newer studio is refused untouched', async () => {
    await close();
    const db = new Database(file);
    db.pragma('user_version = 99');
    db.close();
    const refused = startCatalogWriter(file, path.join(folder, 'backups'));
    await expect(refused).rejects.toMatchObject({
      code: 'version-mismatch',
      file,
      hint: expect.any(String) as string,
    });
    const again = new Database(file);
    expect(again.pragma('user_version', { simple: true })).toBe(99);
    again.pragma(`user_version = ${MIGRATIONS.length}`);
    again.close();
    await open();
  });

  it('that is no database is "corrupt", with the way back in the hint', async () => {
    const other = path.join(folder, 'other.sqlite');
    writeFileSync(other, 'This is a text and not a database. '.repeat(200));
    const failed = startCatalogWriter(other, path.join(folder, 'backups'));
    await expect(failed).rejects.toMatchObject({
      code: 'corrupt',
      file: other,
      hint: expect.stringContaining('backups') as string,
    });
    expect(() => openCatalogReader(other)).toThrow(StudioError);
  });

  it('that can not be opened is not called damaged', async () => {
    const inTheWay = path.join(folder, 'folder.sqlite');
    mkdirSync(inTheWay);
    await expect(startCatalogWriter(inTheWay, folder)).rejects.toMatchObject({
      code: 'no-permission',
      file: inTheWay,
    });
  });

  it('with damaged pages fails as "corrupt" at the statement that meets them', async () => {
    const broken = path.join(folder, 'broken.sqlite');
    const first = await startCatalogWriter(broken, folder);
    await first.writer.saveDataset(
      datasetRow(
        'd',
        Array.from({ length: 400 }, (_, i) => imageRow(`${i}.png`)),
      ),
      null,
    );
    await first.close();
    const { open: openFile } = await import('node:fs/promises');
    const handle = await openFile(broken, 'r+');
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(size - 8192, 0xa5), 0, size - 8192, 8192);
    await handle.close();
    const second = await startCatalogWriter(broken, folder).catch((e: unknown) => e as StudioError);
    const error =
      second instanceof Error
        ? second
        : await second.writer
            .saveDataset(datasetRow('e', [imageRow('0.png')]), null)
            .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'corrupt' });
    if (!(second instanceof Error)) await second.close().catch(() => undefined);
  });
});

describe('the writer', () => {
  it('hands errors over as StudioErrors, and goes on', async () => {
    const first = await writer.saveDataset(datasetRow('one', [imageRow('a.png')]), null);
    await expect(writer.saveDataset(datasetRow('ONE', [imageRow('b.png')]), null)).rejects.toMatchObject({
      code: 'conflict',
    });
    const second = await writer.saveDataset(datasetRow('two', [imageRow('b.png')]), null);
    await expect(writer.renameDataset(second, 'One')).rejects.toBeInstanceOf(StudioError);
    await expect(writer.renameDataset(second, 'One')).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.any(String) as string,
    });
    await writer.renameDataset(second, 'three');
    expect(reader.datasets.list().map((d) => [d.id, d.name])).toEqual([
      [first, 'one'],
      [second, 'three'],
    ]);
  });

  it('writes all of a command or nothing', async () => {
    const bad = imageRow('b.png', { status: 'lost' as 'ok' });
    await expect(writer.saveDataset(datasetRow('half', [imageRow('a.png'), bad]), null)).rejects.toThrow(
      /CHECK/,
    );
    expect(reader.datasets.list()).toEqual([]);
  });

  it('keeps foreign keys', async () => {
    await expect(writer.activateStream(77, NSS_KEY)).rejects.toThrow(/FOREIGN KEY/);
  });

  it('refuses values of the wrong type (STRICT)', async () => {
    const wrong = imageRow('a.png', { width: 'wide' as unknown as number });
    await expect(writer.saveDataset(datasetRow('d', [wrong]), null)).rejects.toThrow(
      /TEXT value in INTEGER/i,
    );
  });

  it('does not leave callers waiting when it is closed', async () => {
    const own = await startCatalogWriter(path.join(folder, 'own.sqlite'), folder);
    await own.close();
    await expect(own.writer.clearFinishedJobs()).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('importing again', () => {
  const images = ['a.png', 'b.png', 'c.png'];
  const withFeatures = async (id: number) => {
    const done = images.map((name, i) => ({ content: contentOf(name), vector: vector(i, 0.1) }));
    await writer.saveFeatures(NSS_KEY, done, []);
    await writer.activateStream(id, NSS_KEY);
  };
  const done = (id: number) => reader.features.counts(id, NSS_KEY).done;

  it('keeps ids and features of images that did not change, and computes the others anew', async () => {
    const id = await writer.saveDataset(
      datasetRow(
        'd',
        images.map((n) => imageRow(n)),
      ),
      null,
    );
    await withFeatures(id);
    const before = reader.images.page({ dataset: id });
    const changed = [
      imageRow('c.png'),
      imageRow('a.png', { sha256: contentOf('other bytes') }),
      imageRow('b.png'),
    ];
    expect(await writer.saveDataset(datasetRow('d', changed), id)).toBe(id);
    const after = reader.images.page({ dataset: id });
    expect(after.items.map((i) => i.name)).toEqual(['c.png', 'a.png', 'b.png']);
    for (const item of after.items) expect(item.id).toBe(before.items.find((b) => b.name === item.name)!.id);
    expect(reader.features.pending(id, NSS_KEY).map((p) => p.name)).toEqual(['a.png']);
    expect(done(id)).toBe(2);
    // and the old bytes of a.png, should they come back, are still described
    await writer.saveDataset(
      datasetRow(
        'd',
        images.map((n) => imageRow(n)),
      ),
      id,
    );
    expect(done(id)).toBe(3);
  });

  it('takes out images that are gone from the labels, and their predictions', async () => {
    const id = await writer.saveDataset(
      datasetRow(
        'd',
        images.map((n) => imageRow(n)),
      ),
      null,
    );
    const [a, b] = reader.images.page({ dataset: id }).items;
    const predictions = [a!, b!].map((i) => ({ image: i.id, mos: 3, prediction: 4, std: null }));
    const run = await writer.importRun(runRow(id), predictions, METRICS);
    await writer.saveDataset(datasetRow('d', [imageRow('b.png')]), id);
    expect(names({ dataset: id })).toEqual(['b.png']);
    expect(reader.runs.predictions(run).map((p) => p.name)).toEqual(['b.png']);
  });

  it('replaces labels instead of adding to them', async () => {
    const id = await writer.saveDataset(datasetRow('d', [imageRow('a.png')]), null);
    const labels = [
      { name: 'mos', mos: 4.5, std: null, votes: null },
      { name: 'other', mos: 1, std: null, votes: null },
    ];
    await writer.saveDataset(
      datasetRow('d', [imageRow('a.png', { labels })], { labels: ['mos', 'other'] }),
      id,
    );
    const [image] = reader.images.page({ dataset: id }).items;
    expect(image).toMatchObject({ mos: 4.5, std: null });
    expect(reader.images.labels(image!.id)).toEqual(labels);
  });

  it('keeps the features of a file that is missing now', async () => {
    const id = await writer.saveDataset(
      datasetRow(
        'd',
        images.map((n) => imageRow(n)),
      ),
      null,
    );
    await withFeatures(id);
    const missing = imageRow('b.png', {
      status: 'missing',
      sha256: null,
      width: null,
      height: null,
      bytes: null,
      mtimeMs: null,
    });
    await writer.saveDataset(datasetRow('d', [imageRow('a.png'), missing, imageRow('c.png')]), id);
    expect(reader.datasets.get(id)).toMatchObject({ images: 3, missing: 1 });
    expect(done(id)).toBe(3);
    expect(reader.population.rows(id, 'mos', [NSS_KEY]).map((r) => r.name)).toEqual(images);
  });

  it('gives features that were imported before the file was there to the file', async () => {
    const missing = imageRow('a.png', { status: 'missing', sha256: null });
    const id = await writer.saveDataset(datasetRow('d', [missing]), null);
    const stream = { stream: 'clip', version: 'imported-1', dimension: 2, source: 'clip.npz', columns: null };
    const { content } = reader.features.contents(id)[0]!;
    expect(content).toMatch(/^absent:/);
    await writer.importFeatures(id, stream, [{ content, vector: vector(7, 8) }]);
    await writer.saveDataset(datasetRow('d', [imageRow('a.png')]), id);
    expect(reader.features.vector(contentOf('a.png'), stream)).toEqual(vector(7, 8));
    expect(reader.features.counts(id, stream)).toMatchObject({ done: 1 });
  });

  it('keeps an image unreadable that could not be decoded, until its contents change', async () => {
    const id = await writer.saveDataset(
      datasetRow(
        'd',
        images.map((n) => imageRow(n)),
      ),
      null,
    );
    const error = { code: 'unreadable-image' as const, message: 'truncated', hint: 'copy it again' };
    await writer.saveFeatures(NSS_KEY, [], [{ content: contentOf('b.png'), error }]);
    expect(reader.datasets.get(id).unreadable).toBe(1);
    await writer.saveDataset(
      datasetRow(
        'd',
        images.map((n) => imageRow(n)),
      ),
      id,
    );
    expect(reader.images.page({ dataset: id, status: 'unreadable' }).items.map((i) => i.name)).toEqual([
      'b.png',
    ]);
    await writer.saveDataset(datasetRow('d', [imageRow('b.png', { sha256: contentOf('mended') })]), id);
    expect(reader.datasets.get(id).unreadable).toBe(0);
  });

  it('clears a failure of an older version when a newer one succeeds', async () => {
    const id = await writer.saveDataset(datasetRow('d', [imageRow('a.png')]), null);
    const error = { code: 'unreadable-image' as const, message: 'truncated' };
    await writer.saveFeatures(NSS_KEY, [], [{ content: contentOf('a.png'), error }]);
    const newer = { stream: 'nss', version: 'test/2' };
    await writer.saveFeatures(newer, [{ content: contentOf('a.png'), vector: vector(1) }], []);
    expect(reader.datasets.get(id).unreadable).toBe(0);
    expect(reader.features.failureCount(id, NSS_KEY)).toBe(0);
  });
});

describe('deleting', () => {
  it('takes rows, labels, runs, folds and predictions along, and leaves features for another import', async () => {
    const id = await writer.saveDataset(datasetRow('d', [imageRow('a.png'), imageRow('b.png')]), null);
    const other = await writer.saveDataset(datasetRow('e', [imageRow('a.png')]), null);
    await writer.saveFeatures(NSS_KEY, [{ content: contentOf('a.png'), vector: vector(1) }], []);
    await writer.activateStream(id, NSS_KEY);
    const [a] = reader.images.page({ dataset: id }).items;
    await writer.importRun(runRow(id), [{ image: a!.id, mos: 1, prediction: 2, std: null }], METRICS);
    expect(reader.datasets.deletionImpact(id)).toEqual({ images: 2, runs: 1, features: 1 });
    await writer.deleteDataset(id);
    const db = openCatalogForReading(file);
    const count = (table: string) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    expect(
      ['datasets', 'images', 'labels', 'runs', 'predictions', 'dataset_streams', 'features'].map(count),
    ).toEqual([1, 1, 1, 0, 0, 0, 1]);
    db.close();
    expect(reader.features.counts(other, NSS_KEY).done).toBe(1);
  });

  it('never gives an id a second time', async () => {
    const id = await writer.saveDataset(datasetRow('d', [imageRow('a.png')]), null);
    const image = reader.images.page({ dataset: id }).items[0]!.id;
    const run = await writer.importRun(runRow(id), [], METRICS);
    await writer.deleteDataset(id);
    const again = await writer.saveDataset(datasetRow('d', [imageRow('a.png')]), null);
    expect(again).not.toBe(id);
    expect(reader.images.page({ dataset: again }).items[0]!.id).not.toBe(image);
    expect(await writer.importRun(runRow(again), [], METRICS)).not.toBe(run);
  });
});

describe('pages of images', () => {
  const nasty = [
    `Robert'); DROP TABLE images;--.png`,
    '100%.png',
    '100_.png',
    'back\\slash.png',
    'quote"d.png',
    'ünï 图片 😀.png',
    'line\nbreak.png',
    'plain.png',
  ];
  const seed = () =>
    writer.saveDataset(
      datasetRow(
        `it's "a" set; --`,
        nasty.map((name, i) =>
          imageRow(name, {
            labels: i % 3 === 0 ? [] : [{ name: 'mos', mos: i, std: i % 2 ? i / 10 : null, votes: null }],
            distortion: i < 4 ? `t'${i % 2}` : null,
            level: i < 4 ? i : null,
            group: i % 2 ? `g"${i}` : null,
          }),
        ),
      ),
      null,
    );

  it('finds any name by any part of it, literally', async () => {
    const dataset = await seed();
    for (const name of nasty) expect(names({ dataset, text: name })).toEqual([name]);
    expect(names({ dataset, text: '%' })).toEqual(['100%.png']);
    expect(names({ dataset, text: '_' })).toEqual(['100_.png']);
    expect(names({ dataset, text: '\\' })).toEqual(['back\\slash.png']);
    expect(names({ dataset, text: 'PLAIN' })).toEqual(['plain.png']);
    expect(names({ dataset, text: `' OR 1=1 --` })).toEqual([]);
    expect(reader.images.page({ dataset, text: '' }).total).toBe(nasty.length);
  });

  it('filters by values that look like SQL', async () => {
    const dataset = await seed();
    expect(names({ dataset, distortion: [`t'0`] })).toEqual([nasty[0], nasty[2]]);
    expect(names({ dataset, distortion: [`t'0`, `t'1`], level: [1, 2] })).toEqual([nasty[1], nasty[2]]);
    expect(names({ dataset, group: `g"3` })).toEqual([nasty[3]]);
    expect(names({ dataset, group: `g"3' OR '1'='1` })).toEqual([]);
    expect(names({ dataset, mos: [4, 5] })).toEqual([nasty[4], nasty[5]]);
    expect(reader.datasets.named(`it's "a" set; --`).id).toBe(dataset);
  });

  it('puts unknown values last in both directions, ties in label order', async () => {
    const dataset = await seed();
    const rated = [1, 2, 4, 5, 7].map((i) => nasty[i]);
    const unrated = [0, 3, 6].map((i) => nasty[i]);
    expect(names({ dataset, sort: 'mos' })).toEqual([...rated, ...unrated]);
    expect(names({ dataset, sort: 'mos', descending: true })).toEqual([...rated.toReversed(), ...unrated]);
    for (const sort of ['std', 'distortion', 'level', 'group'] as const) {
      for (const descending of [false, true]) {
        const values = reader.images.page({ dataset, sort, descending }).items.map((i) => i[sort]);
        const known = values.filter((v) => v !== null);
        expect(values.slice(0, known.length)).toEqual(known);
        expect(known).toEqual(
          [...known].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0) * (descending ? -1 : 1)),
        );
      }
    }
  });

  it('pages through everything exactly once, in every order', async () => {
    const images = Array.from({ length: 57 }, (_, i) =>
      imageRow(`${i}.png`, { labels: [{ name: 'mos', mos: i % 4, std: null, votes: null }], level: i % 3 }),
    );
    const dataset = await writer.saveDataset(datasetRow('pages', images), null);
    for (const sort of ['position', 'name', 'mos', 'std', 'level', 'group'] as const) {
      const seen: string[] = [];
      for (let offset = 0; offset < 60; offset += 10) {
        const page = reader.images.page({ dataset, sort, offset, limit: 10 });
        expect(page.total).toBe(57);
        seen.push(...page.items.map((i) => i.name));
      }
      expect(new Set(seen).size).toBe(57);
      expect(seen.length).toBe(57);
    }
  });

  it('sorts by the size of the residual of a run, images without one last', async () => {
    const dataset = await writer.saveDataset(
      datasetRow(
        'r',
        ['a', 'b', 'c', 'd'].map((n) => imageRow(n)),
      ),
      null,
    );
    const ids = reader.images.page({ dataset }).items.map((i) => i.id);
    const residuals = [0.1, -2, 1];
    const predictions = residuals.map((r, i) => ({ image: ids[i]!, mos: 3, prediction: 3 + r, std: null }));
    const run = await writer.importRun(runRow(dataset), predictions, METRICS);
    expect(names({ dataset, run, sort: 'residual', descending: true })).toEqual(['b', 'c', 'a', 'd']);
    expect(names({ dataset, run, sort: 'residual' })).toEqual(['a', 'c', 'b', 'd']);
    expect(reader.images.page({ dataset, run }).items.map((i) => i.residual?.toFixed(3) ?? null)).toEqual([
      '0.100',
      '-2.000',
      '1.000',
      null,
    ]);
    expect(() => reader.images.page({ dataset, sort: 'residual' })).toThrow(/needs a run/);
    expect(reader.runs.worst(run, 2).map((w) => w.name)).toEqual(['b', 'c']);
  });
});

describe('populations and features', () => {
  it('hold the images with a label and every stream, in label order', async () => {
    const unrated = imageRow('b.png', { labels: [] });
    const id = await writer.saveDataset(
      datasetRow('d', [imageRow('c.png'), unrated, imageRow('a.png'), imageRow('z.png')]),
      null,
    );
    const other = { stream: 'clip', version: 'v' };
    const save = (key: typeof other, ...of: string[]) =>
      writer.saveFeatures(
        key,
        of.map((n, i) => ({ content: contentOf(n), vector: vector(i, i + 0.5) })),
        [],
      );
    await save(NSS_KEY, 'a.png', 'b.png', 'c.png', 'z.png');
    await save(other, 'a.png', 'b.png', 'c.png');
    const rows = reader.population.rows(id, 'mos', [NSS_KEY, other]);
    expect(rows.map((r) => r.name)).toEqual(['c.png', 'a.png']);
    expect(reader.population.matrix(rows, other)).toEqual({ dimension: 2, data: vector(2, 2.5, 0, 0.5) });
    expect(reader.population.rows(id, 'no such label', [NSS_KEY])).toEqual([]);
    expect(reader.features.slice(id, NSS_KEY, 1, 3)).toEqual([
      { position: 1, vector: vector(1, 1.5) },
      { position: 2, vector: vector(0, 0.5) },
    ]);
  });
});

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import type { CatalogWriter } from '../../src-main/catalog/commands.ts';
import { MIGRATIONS } from '../../src-main/catalog/migrations/index.ts';
import { openCatalogForReading, openCatalogForWriting } from '../../src-main/catalog/open.ts';
import { openCatalogReader, type CatalogReader } from '../../src-main/catalog/reader.ts';
import { startCatalogWriter } from '../../src-main/catalog/writer.ts';
import { datasetRow, imageRow, NSS_KEY } from '../fixtures/catalog-rows.ts';
import { useCatalog } from '../fixtures/use-catalog.ts';

const t = useCatalog();
let folder: string;
let file: string;
let writer: CatalogWriter;
let reader: CatalogReader;
beforeEach(() => void ({ folder, file, writer, reader } = t));

describe('the file', () => {
  it('has STRICT tables only, WAL, and every migration applied', () => {
    const db = openCatalogForReading(file);
    const tables = db.pragma('table_list') as {
      name: string;
      type: string;
      strict: number;
      schema: string;
    }[];
    const own = tables.filter(
      (table) => table.type === 'table' && table.schema === 'main' && !table.name.startsWith('sqlite_'),
    );
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter(({ strict }) => strict !== 1)).toEqual([]);
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
    await t.reopen(async () => {
      const all = MIGRATIONS as { name: string; sql: string }[];
      all.push({ name: '9999-test', sql: 'CREATE TABLE later (x INTEGER) STRICT; DELETE FROM images;' });
      try {
        // The catalog thread has its own copy of the modules: migrate here.
        (await openCatalogForWriting(file, path.join(folder, 'backups'))).close();
      } finally {
        all.pop();
      }
      const backup = new Database(path.join(folder, 'backups', 'before-9999-test.sqlite'), {
        readonly: true,
      });
      expect(backup.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
      expect(backup.prepare('SELECT count(*) FROM images').pluck().get()).toBe(1);
      expect(backup.pragma('integrity_check', { simple: true })).toBe('ok');
      backup.close();
      const migrated = new Database(file);
      expect(migrated.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1);
      expect(migrated.prepare('SELECT count(*) FROM later').pluck().get()).toBe(0);
      migrated.pragma(`user_version = ${MIGRATIONS.length}`);
      migrated.close();
    });
  });

  it('of a version that knew cross-validation only gets the work of its runs', () => {
    const db = new Database(':memory:');
    const before = MIGRATIONS.filter(({ name }) => name < '0003');
    for (const { sql } of before) db.exec(sql);
    db.exec(`INSERT INTO datasets (name, format, folder, label, labels, scale_min, scale_max, better, created_at, updated_at)
      VALUES ('d', 'csv', '/d', 'mos', '[]', 1, 5, 'higher', '', '')`);
    const insert = db.prepare(
      `INSERT INTO runs (dataset_id, label, kind, spec, target_label, status, streams, population_n, population_hash,
         folds_unit, folds_hash, folds_count, created_at) VALUES (1, 'r', ?, ?, 'mos', 'done', '[]', 100, 'p', ?, ?, ?, '')`,
    );
    insert.run('trained', JSON.stringify({ training: { epochs: 80, batch: 40 } }), 'image', 'f', 5);
    insert.run('imported', null, null, null, null);
    db.exec(MIGRATIONS[before.length]!.sql);
    // 80 epochs over 4 x 100 images in 4 x 2.5 batches, each of which counts for 50 more images.
    const work = db.prepare('SELECT work FROM runs ORDER BY id').pluck().all();
    expect(work).toEqual([80 * 4 * (100 + 2.5 * 50), null]);
    db.close();
  });

  it('stays at the old version where a migration fails', async () => {
    await t.reopen(async () => {
      const all = MIGRATIONS as { name: string; sql: string }[];
      all.push({ name: '9999-bad', sql: 'CREATE TABLE later (x INTEGER) STRICT; SELECT nonsense;' });
      await expect(openCatalogForWriting(file, path.join(folder, 'backups'))).rejects.toThrow(/nonsense/);
      all.pop();
    });
    const db = openCatalogForReading(file);
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'later'`).pluck().get()).toBe(0);
    db.close();
  });

  it('of a newer studio is refused untouched', async () => {
    await t.reopen(async () => {
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
    });
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
    const handle = await open(broken, 'r+');
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

describe('the reader', () => {
  it('calls damaged pages "corrupt" too, where it meets them', async () => {
    const broken = path.join(folder, 'broken-reading.sqlite');
    const images = Array.from({ length: 2000 }, (_, i) => imageRow(`${i}.png`));
    const first = await startCatalogWriter(broken, folder);
    const dataset = await first.writer.saveDataset(datasetRow('d', images), null);
    await first.close();
    const handle = await open(broken, 'r+');
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(size / 2, 0xa5), 0, size / 2, size / 2);
    await handle.close();
    const reader = openCatalogReader(broken);
    expect(reader.datasets.identity(dataset)).toMatchObject({ name: 'd' });
    expect(() => reader.features.contents(dataset)).toThrow(
      expect.objectContaining({
        code: 'corrupt',
        file: broken,
        hint: expect.stringContaining('backups') as string,
      }),
    );
    reader.close();
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

import { beforeEach, describe, expect, it } from 'vitest';
import type { CatalogWriter } from '../../src-main/catalog/commands.ts';
import type { CatalogReader } from '../../src-main/catalog/reader.ts';
import { openCatalogForReading } from '../../src-main/catalog/open.ts';
import { contentOf, datasetRow, imageRow, METRICS, NSS_KEY, runRow } from '../fixtures/catalog-rows.ts';
import { useCatalog } from '../fixtures/use-catalog.ts';

const t = useCatalog();
let writer: CatalogWriter;
let reader: CatalogReader;
beforeEach(() => void ({ writer, reader } = t));

const vector = (...values: number[]) => Float32Array.from(values);
const names = (query: Parameters<CatalogReader['images']['page']>[0]) =>
  reader.images.page(query).items.map((i) => i.name);

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
    const predictions = [a!, b!].map((i) => ({ image: i.id, mos: 3, prediction: 4, std: null, gates: {} }));
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

  it('counts all streams of a dataset at once as it counts each', async () => {
    const gone = { status: 'missing' as const, sha256: null };
    const rows = ['a.png', 'b.png', 'c.png'].map((n) => imageRow(n));
    const id = await writer.saveDataset(
      datasetRow('d', [...rows, imageRow('x.png', gone), imageRow('y.png', gone)]),
      null,
    );
    await writer.saveDataset(datasetRow('e', [imageRow('a.png'), imageRow('z.png')]), null);
    const contents = new Map(reader.features.contents(id).map((c) => [c.name, c.content]));
    const done = (...names: string[]) => names.map((n) => ({ content: contents.get(n)!, vector: vector(1) }));
    const error = { code: 'unreadable-image' as const, message: 'truncated' };
    const newer = { stream: 'nss', version: 'test/2' };
    const clip = { stream: 'clip', version: 'imported-1' };
    await writer.saveFeatures(NSS_KEY, done('a.png', 'b.png'), [{ content: contents.get('c.png')!, error }]);
    await writer.saveFeatures(newer, done('a.png'), []);
    await writer.saveFeatures(clip, done('b.png', 'x.png'), []);
    const progress = reader.features.progress(id);
    expect(progress(NSS_KEY)).toEqual({ total: 5, done: 2, unavailable: 2, failed: 1 });
    expect(progress(clip)).toEqual({ total: 5, done: 2, unavailable: 1, failed: 0 });
    for (const key of [NSS_KEY, newer, clip, { stream: 'siglip', version: '1' }])
      expect(progress(key)).toMatchObject(reader.features.counts(id, key));
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
    expect(reader.features.progress(id)(NSS_KEY).failed).toBe(0);
  });
});

describe('deleting', () => {
  it('takes rows, labels, runs, folds and predictions along, and leaves features for another import', async () => {
    const id = await writer.saveDataset(datasetRow('d', [imageRow('a.png'), imageRow('b.png')]), null);
    const other = await writer.saveDataset(datasetRow('e', [imageRow('a.png')]), null);
    await writer.saveFeatures(NSS_KEY, [{ content: contentOf('a.png'), vector: vector(1) }], []);
    await writer.activateStream(id, NSS_KEY);
    const [a] = reader.images.page({ dataset: id }).items;
    await writer.importRun(
      runRow(id),
      [{ image: a!.id, mos: 1, prediction: 2, std: null, gates: {} }],
      METRICS,
    );
    expect(reader.datasets.deletionImpact(id)).toEqual({ images: 2, runs: 1, features: 1 });
    await writer.deleteDataset(id);
    const db = openCatalogForReading(t.file);
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

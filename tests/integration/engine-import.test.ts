import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScanReport } from '../../src-shared/dataset.ts';
import type { Engine } from '../../src-main/engine.ts';
import { datasetRow, imageRow } from '../fixtures/catalog-rows.ts';
import { failure, get } from '../fixtures/engine-client.ts';
import { SMALL_DATASET_OPTIONS } from '../fixtures/small-dataset.ts';
import { IMAGES, resultOf, useEngine } from '../fixtures/use-engine.ts';

const t = useEngine();
const { root, folder } = t;
let engine: Engine;
let api: typeof t.api;
let local: typeof t.local;
let dataset: number;
beforeAll(() => void ({ engine, api, local } = t));

const folderId = async () => (await api.folders.start.query()).folders.find((f) => f.name === 'rated')!.id;

describe('a window imports a folder', () => {
  it('sees the root and what is in it, by id', async () => {
    const start = await api.folders.start.query();
    expect(start).toMatchObject({ path: root, parent: null, folders: [{ name: 'rated' }] });
    const listing = await api.folders.list.query({ id: start.folders[0]!.id });
    expect(listing).toMatchObject({
      path: folder,
      labelFiles: ['labels.csv'],
      folders: [{ name: 'images' }],
    });
    expect(await failure(api.folders.list.query({ id: 'guessed' }))).toMatchObject({ code: 'not-found' });
  });

  it('can not name a path', async () => {
    const path = folder;
    expect(await failure(api.datasets.scan.mutate({ folder: { path } }))).toMatchObject({
      code: 'forbidden',
      hint: expect.any(String) as string,
    });
    expect(await failure(api.streams.importFile.mutate({ dataset: 1, stream: 'x', path }))).toMatchObject({
      code: 'forbidden',
    });
    expect(await failure(api.runs.importPredictions.mutate({ dataset: 1, name: 'x', path }))).toMatchObject({
      code: 'forbidden',
    });
    expect(await failure(api.runs.predict.mutate({ run: 1, paths: [path] }))).toMatchObject({
      code: 'forbidden',
    });
    const registered = await engine.handler(
      new Request('http://localhost/folders/register', {
        method: 'POST',
        body: JSON.stringify({ path: '/etc' }),
      }),
      { trust: 'window' },
    );
    expect(registered.status).toBe(403);
  });

  it('is asked for what is not obvious, and nothing is written', async () => {
    const { job } = await api.datasets.scan.mutate({ folder: { id: await folderId() } });
    expect(await engine.services.queue.wait(job)).toMatchObject({
      status: 'failed',
      error: {
        code: 'ambiguous',
        file: path.join(folder, 'labels.csv'),
        hint: expect.stringContaining('--scale') as string,
      },
    });
    expect(await api.datasets.list.query()).toEqual([]);
  });

  it('gets a report first and a dataset on demand', async () => {
    const { job } = await api.datasets.scan.mutate({
      folder: { id: await folderId() },
      options: { ...SMALL_DATASET_OPTIONS, name: 'small' },
    });
    const report = (await resultOf(engine, job)) as ScanReport;
    expect(report).toMatchObject({
      images: IMAGES,
      found: IMAGES,
      missing: 0,
      name: 'small',
      groups: { count: 6 },
      updates: null,
    });
    expect(await api.datasets.list.query()).toEqual([]);
    const made = await api.datasets.import.mutate({ scan: report.scan });
    dataset = made.id;
    expect(await api.datasets.list.query()).toEqual([made]);
    expect(await failure(api.datasets.import.mutate({ scan: report.scan }))).toMatchObject({
      code: 'not-found',
    });
    const detail = await api.datasets.get.query({ id: dataset });
    expect(detail).toMatchObject({
      ...made,
      labels: ['mos'],
      levels: [1, 2, 3, 4, 5],
      distortions: [{ type: 'noise', images: IMAGES }],
    });
    expect(detail.histogram.reduce((n, bin) => n + bin.count, 0)).toBe(IMAGES);
  });

  it('updates it from the same folder, and the grid and the Inspector show it', async () => {
    const { job } = await api.datasets.scan.mutate({
      folder: { id: await folderId() },
      options: SMALL_DATASET_OPTIONS,
    });
    const report = (await resultOf(engine, job)) as ScanReport;
    expect(report.updates).toEqual({ id: dataset, name: 'small', relinked: false });
    expect((await api.datasets.import.mutate({ scan: report.scan })).id).toBe(dataset);
    const page = await api.images.page.query({ dataset, sort: 'mos', descending: true, limit: 4 });
    expect(page.total).toBe(IMAGES);
    expect(page.items.map((i) => i.name)).toEqual(
      t.rows
        .toSorted((a, b) => b.mos - a.mos)
        .slice(0, 4)
        .map((r) => r.name),
    );
    const [first, second] = (await api.images.page.query({ dataset, limit: 2 })).items;
    expect(await api.images.get.query({ id: first!.id })).toMatchObject({
      name: 'p0000.png',
      width: 64,
      height: 48,
      nss: null,
      group: 'g0',
    });
    expect(await api.images.neighbours.query({ id: first!.id })).toEqual({
      previous: null,
      next: second!.id,
      position: 0,
      total: IMAGES,
    });
  });

  it('of a folder that was deleted since its scan makes a new dataset', async () => {
    const { job } = await local.datasets.scan.mutate({
      folder: { path: folder },
      options: { ...SMALL_DATASET_OPTIONS, name: 'twice' },
    });
    const made = await local.datasets.import.mutate({
      scan: ((await resultOf(engine, job)) as ScanReport).scan,
    });
    const again = (await resultOf(
      engine,
      (
        await local.datasets.scan.mutate({
          folder: { path: folder },
          options: { ...SMALL_DATASET_OPTIONS, name: 'twice' },
        })
      ).job,
    )) as ScanReport;
    expect(again.updates).toMatchObject({ id: made.id });
    await local.datasets.delete.mutate({ id: made.id });
    const remade = await local.datasets.import.mutate({ scan: again.scan });
    expect(remade).toMatchObject({ images: IMAGES, name: 'twice' });
    expect(remade.id).not.toBe(made.id);
    await local.datasets.delete.mutate({ id: remade.id });
  });
});

describe('a hostile label file', () => {
  it('reaches nothing outside its folder', async () => {
    const evil = path.join(root, 'evil');
    mkdirSync(evil);
    const secret = path.join(root, 'secret.png');
    writeFileSync(secret, readFileSync(path.join(folder, 'images', 'p0001.png')));
    writeFileSync(path.join(evil, 'ok.png'), readFileSync(secret));
    symlinkSync('/etc/passwd', path.join(evil, 'link.png'));
    const names = [
      '../../../../etc/passwd',
      '../secret.png',
      secret,
      'C:\\secret.png',
      '..\\secret.png',
      'a/../../secret.png',
      'link.png',
      'ok.png',
    ];
    writeFileSync(
      path.join(evil, 'labels.csv'),
      `image,mos\n${names.map((n, i) => `${n},${1 + i / 4}`).join('\n')}\n`,
    );
    const { job } = await local.datasets.scan.mutate({
      folder: { path: evil },
      options: SMALL_DATASET_OPTIONS,
    });
    const report = (await resultOf(engine, job)) as ScanReport;
    const { id } = await local.datasets.import.mutate({ scan: report.scan });
    const { items } = await api.images.page.query({ dataset: id });
    expect(items.map((i) => [i.name, i.status])).toEqual([
      ['link.png', 'unreadable'],
      ['ok.png', 'ok'],
    ]);
    const passwd = readFileSync('/etc/passwd', 'utf8').slice(0, 40);
    for (const { id: image } of items) {
      for (const url of [`/image/${image}`, `/thumb/${image}`])
        expect(await (await get(engine, url)).text()).not.toContain(passwd);
    }
    await local.datasets.delete.mutate({ id });
  });

  it('could not even with rows that were smuggled into the catalog', async () => {
    const images = ['../secret.png', '../rated/images/p0001.png', '/etc/passwd', '..'].map((file, i) =>
      imageRow(`${i}.png`, { file }),
    );
    const id = await engine.services.writer.saveDataset(
      datasetRow('smuggled', images, { folder: path.join(root, 'evil') }),
      null,
    );
    for (const { id: image } of (await api.images.page.query({ dataset: id })).items) {
      for (const url of [`/image/${image}`, `/thumb/${image}`])
        expect((await get(engine, url)).status).toBe(403);
    }
    await api.datasets.delete.mutate({ id });
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../src-main/engine.ts';
import { datasetRow, imageRow } from '../fixtures/catalog-rows.ts';
import { failure, get } from '../fixtures/engine-client.ts';
import { importRated, useEngine } from '../fixtures/use-engine.ts';

const t = useEngine();
const { root, folder } = t;
let engine: Engine;
let api: typeof t.api;
let dataset: number;
beforeAll(async () => {
  ({ engine, api } = t);
  dataset = await importRated(t, 'small');
});

describe('pictures', () => {
  const firstId = async () => (await api.images.page.query({ dataset, limit: 1 })).items[0]!.id;

  it('come as the file itself, whole and in ranges', async () => {
    const bytes = readFileSync(path.join(folder, 'images', 'p0000.png'));
    const whole = await get(engine, `/image/${await firstId()}`);
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);
    const part = await get(engine, `/image/${await firstId()}`, { range: 'bytes=10-19' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
    expect((await get(engine, `/image/${await firstId()}`, { range: `bytes=${bytes.length}-` })).status).toBe(
      416,
    );
    const same = await get(engine, `/image/${await firstId()}`, {
      'if-none-match': whole.headers.get('etag')!,
    });
    expect(same.status).toBe(304);
  });

  it('come as thumbnails that are kept, revalidated and never made twice', async () => {
    const url = `/thumb/${await firstId()}?s=128`;
    const made = await get(engine, url);
    expect([made.status, made.headers.get('content-type'), made.headers.get('cache-control')]).toEqual([
      200,
      'image/webp',
      'private, no-cache',
    ]);
    const bytes = Buffer.from(await made.arrayBuffer());
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 64, height: 48 });
    expect((await get(engine, url, { 'if-none-match': made.headers.get('etag')! })).status).toBe(304);
    // from the cache: it still comes when the picture is away
    const { content } = engine.services.reader.images.get(await firstId());
    const cached = path.join(
      engine.services.home.thumbnails,
      content.slice(0, 2),
      `${content}-128-decoder-1.webp`,
    );
    expect(readFileSync(cached)).toEqual(bytes);
    writeFileSync(cached, 'marked');
    expect(await (await get(engine, url)).text()).toBe('marked');
  });

  it('are bounded by a setting, counted, and deleted on demand', async () => {
    const { home } = engine.services;
    await get(engine, `/thumb/${await firstId()}?s=128`);
    const before = await api.settings.limits.query();
    expect(before.thumbnails).toMatchObject({ megabytes: 1000, set: null, overridden: false });
    expect(before.thumbnails.usedBytes).toBeGreaterThan(0);
    const set = await api.settings.setLimit.mutate({ name: 'thumbnails', megabytes: 20 });
    expect(set.thumbnails).toMatchObject({ megabytes: 20, set: 20 });
    expect(JSON.parse(readFileSync(home.settings, 'utf8'))).toEqual({ limits: { thumbnails: 20 } });
    await expect(api.settings.setLimit.mutate({ name: 'thumbnails', megabytes: 0.5 })).rejects.toThrow();
    const freed = await api.settings.emptyThumbnails.mutate();
    expect(freed).toEqual({ files: expect.any(Number) as number, bytes: before.thumbnails.usedBytes });
    expect((await api.settings.limits.query()).thumbnails.usedBytes).toBe(0);
    expect((await get(engine, `/thumb/${await firstId()}?s=128`)).status).toBe(200);
    await api.settings.setLimit.mutate({ name: 'thumbnails', megabytes: null });
  });

  it('in other sizes are refused', async () => {
    for (const s of ['64', '100000', 'x', '-128']) {
      const response = await get(engine, `/thumb/${await firstId()}?s=${s}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'bad-input' });
    }
  });

  it('of a file that changed since the import are shown, but not kept as the old one', async () => {
    const id = (await api.images.page.query({ dataset, limit: 1, offset: 3 })).items[0]!.id;
    const file = path.join(folder, 'images', 'p0003.png');
    const before = readFileSync(file);
    writeFileSync(
      file,
      await sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    expect(
      await sharp(Buffer.from(await (await get(engine, `/thumb/${id}`)).arrayBuffer())).metadata(),
    ).toMatchObject({ width: 20 });
    writeFileSync(file, before);
    expect(
      await sharp(Buffer.from(await (await get(engine, `/thumb/${id}`)).arrayBuffer())).metadata(),
    ).toMatchObject({ width: 64 });
  });

  it('that are not there, or not known, are a 404 with the reason', async () => {
    const id = await engine.services.writer.saveDataset(
      datasetRow('gone', [imageRow('x.png')], { folder: path.join(root, 'gone') }),
      null,
    );
    const image = (await api.images.page.query({ dataset: id })).items[0]!.id;
    for (const url of [
      `/image/${image}`,
      `/thumb/${image}`,
      '/image/999999',
      '/thumb/99999999999999999999',
    ]) {
      const response = await get(engine, url);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not-found' });
    }
    await api.datasets.delete.mutate({ id });
  });
});

describe('mistakes of a client', () => {
  it('are answered with an ErrorShape and a fitting status', async () => {
    expect(await failure(api.images.page.query({ dataset, limit: 100000 }))).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('limit') as string,
    });
    expect(await failure(api.images.page.query({ dataset, extra: 1 } as never))).toMatchObject({
      code: 'bad-input',
    });
    expect(await failure(api.datasets.get.query({ id: 4711 }))).toMatchObject({
      code: 'not-found',
      hint: expect.any(String) as string,
    });
    expect(await failure(api.runs.get.query({ run: 4711 }))).toMatchObject({ code: 'not-found' });
    expect(
      await failure(api.experiments.check.query({ spec: { train: 'small', streams: ['clip'] } })),
    ).toMatchObject({ code: 'not-found', hint: expect.stringContaining('features import') as string });
    expect(
      await failure(api.experiments.check.query({ spec: { train: 'smal', streams: ['nss'] } })),
    ).toMatchObject({ code: 'not-found', hint: expect.stringContaining('small') as string });
    const cross = { train: 'small', streams: ['nss'], protocol: { kind: 'cross' } };
    expect(await failure(api.experiments.create.mutate({ spec: cross }))).toMatchObject({
      code: 'bad-input',
      hint: expect.any(String) as string,
    });
    expect(await api.runs.list.query()).toEqual([]);
    expect(
      await failure(
        (api as unknown as { nothing: { here: { query(): Promise<unknown> } } }).nothing.here.query(),
      ),
    ).toMatchObject({ code: 'not-found' });
  });

  it('of transport: broken JSON, unknown routes, other methods', async () => {
    const post = (url: string, body: string) =>
      engine.handler(
        new Request(`http://localhost${url}`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        }),
        { trust: 'window' },
      );
    const broken = await post('/trpc/jobs.act', '{"id":');
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { data: { studio: { code: 'bad-input' } } } });
    expect((await post('/nowhere', '{}')).status).toBe(404);
    for (const url of [
      '/image/abc',
      '/image/1/x',
      '/thumb/',
      '/export/run/1.exe',
      '/export/run/999.csv',
      '/export/features?dataset=small&stream=clip',
      '/nope.js',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%5c..%5cetc/passwd',
    ]) {
      const response = await get(engine, url);
      expect([
        url,
        response.status >= 400 || response.headers.get('content-type')?.startsWith('text/html'),
      ]).toEqual([url, true]);
      expect(await response.text()).not.toContain('root:');
    }
  });
});

it('two engines do not share a home, and a failed start leaves nothing open', async () => {
  const { home } = engine.services;
  await expect(startEngine({ home: home.folder })).rejects.toMatchObject({
    code: 'busy',
    hint: expect.any(String) as string,
  });
  expect((await api.settings.doctor.query()).checks.every((c) => c.ok)).toBe(true);
});

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanReport } from '../../src-shared/dataset.ts';
import type { ExtractResult, StudioEvent } from '../../src-shared/jobs.ts';
import { startEngine, type Engine } from '../../src-main/engine.ts';
import { datasetRow, imageRow } from '../fixtures/catalog-rows.ts';
import { apiOf, failure, get } from '../fixtures/engine-client.ts';
import { makeSmallDataset, SMALL_DATASET_OPTIONS, type SmallImage } from '../fixtures/small-dataset.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const root = temporary('root');
const folder = path.join(root, 'rated');
let engine: Engine;
let rows: SmallImage[];
let api: ReturnType<typeof apiOf>;
let local: ReturnType<typeof apiOf>;
let dataset: number;
const IMAGES = 30;

beforeAll(async () => {
  rows = await makeSmallDataset(folder, { images: IMAGES });
  engine = await startEngine({ home: temporary('home'), root });
  api = apiOf(engine, 'window');
  local = apiOf(engine, 'local');
});
afterAll(() => engine.close());

const finish = async (job: number) => {
  const ended = await engine.services.queue.wait(job);
  if (ended.status !== 'done') throw new Error(JSON.stringify(ended.error));
  return ended.result;
};
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
    const report = (await finish(job)) as ScanReport;
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
    const report = (await finish(job)) as ScanReport;
    expect(report.updates).toEqual({ id: dataset, name: 'small', relinked: false });
    expect((await api.datasets.import.mutate({ scan: report.scan })).id).toBe(dataset);
    const page = await api.images.page.query({ dataset, sort: 'mos', descending: true, limit: 4 });
    expect(page.total).toBe(IMAGES);
    expect(page.items.map((i) => i.name)).toEqual(
      rows
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
    const made = await local.datasets.import.mutate({ scan: ((await finish(job)) as ScanReport).scan });
    const again = (await finish(
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

/** The events of GET /events until `last` says so; then the stream is let go. */
async function eventsUntil(
  last: (event: StudioEvent) => boolean,
  during: () => Promise<unknown>,
): Promise<StudioEvent[]> {
  const gone = new AbortController();
  const response = await engine.handler(new Request('http://localhost/events', { signal: gone.signal }), {
    trust: 'window',
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: StudioEvent[] = [];
  let text = '';
  const acting = during();
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const messages = text.split('\n\n');
    text = messages.pop()!;
    for (const message of messages)
      if (message.startsWith('data: ')) events.push(JSON.parse(message.slice(6)) as StudioEvent);
    if (events.some(last)) break;
  }
  await acting;
  gone.abort();
  return events;
}

describe('an extraction', () => {
  it('tells its progress on the event stream', async () => {
    let job = 0;
    const events = await eventsUntil(
      (e) => e.type === 'job' && e.job.id === job && e.job.status === 'done',
      async () => ({ job } = await api.streams.extract.mutate({ dataset, streams: ['nss'] })),
    );
    expect(events[0]).toMatchObject({ type: 'hello', home: engine.services.home.folder });
    expect(events).toContainEqual({ type: 'changed', noun: 'streams' });
    const mine = events.flatMap((e) => (e.type === 'job' && e.job.id === job ? [e.job] : []));
    expect(mine.at(-1)).toMatchObject({ status: 'done', done: IMAGES, total: IMAGES });
    const [stream] = (mine.at(-1)!.result as ExtractResult).streams;
    expect(stream).toMatchObject({ stream: 'nss', done: IMAGES, failed: 0, reused: 0 });
  });

  it('leaves no listener behind when the window goes', async () => {
    const before = new Set<unknown>();
    const { events } = engine.services;
    const subscribe = events.subscribe.bind(events);
    let stopped = 0;
    events.subscribe = (listener) => {
      before.add(listener);
      const stop = subscribe(listener);
      return () => (stopped++, stop());
    };
    const gone = new AbortController();
    const request = () => new Request('http://localhost/events', { signal: gone.signal });
    const one = await engine.handler(request(), { trust: 'window' });
    const two = await engine.handler(request(), { trust: 'window' });
    await two.body!.cancel();
    expect(stopped).toBe(1);
    gone.abort();
    expect(stopped).toBeGreaterThanOrEqual(2);
    await one.text(); // the stream ends
    await engine.handler(request(), { trust: 'window' }); // gone before it came
    expect(before.size).toBe(3);
    expect(stopped).toBeGreaterThanOrEqual(3);
    events.subscribe = subscribe;
  });

  it('shows in the matrix, reuses everything the second time, and gives the Inspector its z-scores', async () => {
    const matrix = await api.streams.matrix.query();
    expect(matrix.cells.find((c) => c.dataset === dataset)).toMatchObject({
      stream: 'nss',
      total: IMAGES,
      done: IMAGES,
      failed: 0,
      unavailable: 0,
      job: null,
    });
    const { job } = await api.streams.extract.mutate({ dataset, streams: ['nss'] });
    expect(((await finish(job)) as ExtractResult).streams[0]).toMatchObject({ done: IMAGES, reused: IMAGES });
    const items = (await api.images.page.query({ dataset })).items;
    const all = await Promise.all(items.map((i) => api.images.get.query({ id: i.id })));
    const z = all.map((image) => image.nss!.features[0]!.z);
    expect(z.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6);
    expect(z.reduce((a, b) => a + b * b, 0) / z.length).toBeCloseTo(1, 6);
  });

  it('is one job, however often it is asked for, and holds its dataset', async () => {
    const blocker = await engine.services.queue.add('extract', 'blocker', { dataset, streams: ['nss'] });
    const first = await api.streams.extract.mutate({ dataset, streams: ['nss'] });
    expect(first.job).toBe(blocker);
    expect(await failure(api.datasets.delete.mutate({ id: dataset }))).toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('cancel') as string,
    });
    await engine.services.queue.wait(blocker);
    expect(await failure(api.streams.extract.mutate({ dataset, streams: ['ns'] }))).toMatchObject({
      code: 'not-available',
      hint: expect.stringContaining('"nss"') as string,
    });
  });
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
    const cached = path.join(engine.services.home.thumbnails, content.slice(0, 2), `${content}-128.webp`);
    expect(readFileSync(cached)).toEqual(bytes);
    writeFileSync(cached, 'marked');
    expect(await (await get(engine, url)).text()).toBe('marked');
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
    const report = (await finish(job)) as ScanReport;
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
    ).toMatchObject({ code: 'not-found', hint: expect.stringContaining('nss') as string });
    expect(
      await failure(api.experiments.check.query({ spec: { train: 'smal', streams: ['nss'] } })),
    ).toMatchObject({ code: 'not-found', hint: expect.stringContaining('small') as string });
    const cross = { train: 'small', streams: ['nss'], protocol: { kind: 'cross' } };
    expect(await failure(api.experiments.create.mutate({ spec: cross }))).toMatchObject({
      code: 'not-available',
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

describe('experiments', () => {
  const spec = (change: object = {}) => ({
    train: 'small',
    streams: ['nss'],
    fusion: { hidden: [8] },
    training: { epochs: 2, batch: 16 },
    protocol: { kind: 'cv', folds: 3, unit: 'group' },
    ...change,
  });

  it('have complete defaults that can be checked and started as they are', async () => {
    const defaults = await api.experiments.defaults.query({ dataset });
    expect(defaults).toMatchObject({
      train: 'small',
      streams: ['nss'],
      preset: 'studio',
      protocol: { kind: 'cv', unit: 'group' },
    });
    const checked = await api.experiments.check.query({ spec: defaults });
    expect(checked.spec).toEqual(defaults);
    expect(checked.runs).toEqual([
      { label: defaults.name, n: IMAGES, parameters: expect.any(Number) as number },
    ]);
    expect(checked.secondsEstimate).toBeGreaterThan(0);
    expect(checked.warnings).toEqual([]);
    const byImage = await api.experiments.check.query({
      spec: { ...defaults, protocol: { kind: 'cv', unit: 'image' } },
    });
    expect(byImage.warnings.map((w) => w.code)).toEqual(['leakage']);
  });

  it('run to metrics, predictions in label order and the CSV of the interface', async () => {
    const { runs, job } = await api.experiments.create.mutate({ spec: spec() });
    const [run] = runs as [number];
    expect(await failure(api.runs.delete.mutate({ run }))).toMatchObject({ code: 'conflict' });
    const same = await api.experiments.create.mutate({ spec: spec() });
    expect(same.job).toBe(job); // joined while it is not finished
    await finish(job);
    const detail = await api.runs.get.query({ run });
    expect(detail).toMatchObject({
      status: 'done',
      population: { n: IMAGES },
      folds: { unit: 'group', count: 3 },
      error: null,
    });
    expect(detail.metrics!.overall.n).toBe(IMAGES);
    expect(detail.metrics!.folds).toHaveLength(3);
    expect(detail.curves.map((c) => c.epochs.length)).toEqual([2, 2, 2]);
    expect(detail.perDistortion).toMatchObject([{ type: 'noise', n: IMAGES }]);
    const predictions = await api.runs.predictions.query({ run });
    expect(predictions.name).toEqual(rows.map((r) => r.name));
    expect(predictions.mos).toEqual(rows.map((r) => r.mos));
    const csv = await get(engine, `/export/run/${run}.csv`);
    expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="run-${run}.csv"`);
    const [header, ...lines] = (await csv.text()).trimEnd().split('\n');
    expect(header).toBe('image,mos,mos_std,prediction,prediction_std,fold,group,distortion,level');
    expect(lines).toHaveLength(IMAGES);
    const cells = lines[7]!.split(',');
    expect([cells[0], Number(cells[1]), cells[2], cells[4], cells[6], cells[7], Number(cells[8])]).toEqual([
      rows[7]!.name,
      rows[7]!.mos,
      '0.5',
      '',
      rows[7]!.group,
      'noise',
      rows[7]!.level,
    ]);
    expect(Number(cells[3])).toBe(predictions.prediction[7]);
    expect(await (await get(engine, `/export/run/${run}.json`)).json()).toMatchObject({
      run,
      label: detail.label,
      metrics: detail.metrics,
    });
    // images of one group are in one fold
    const folds = Map.groupBy(
      lines.map((l) => l.split(',')),
      (c) => c[6],
    );
    for (const members of folds.values()) expect(new Set(members.map((c) => c[5])).size).toBe(1);
  });

  it('trains runs that were renamed while they waited', async () => {
    const blocker = Promise.withResolvers<void>();
    engine.services.queue.handle('demo', () => blocker.promise);
    const demo = await engine.services.queue.add('demo', 'blocker', {});
    const named = spec({ ablation: [{ label: 'same' }, { label: 'same', training: { seed: 7 } }] });
    const { runs, job } = await api.experiments.create.mutate({ spec: named });
    await api.runs.rename.mutate({ run: runs[0]!, label: 'a new name' });
    blocker.resolve();
    await engine.services.queue.wait(demo);
    await finish(job);
    const done = await Promise.all(runs.map((run) => api.runs.get.query({ run })));
    expect(done.map((r) => [r.label, r.status])).toEqual([
      ['a new name', 'done'],
      ['same', 'done'],
    ]);
    expect(done[0]!.siblings.map((s) => s.run)).toEqual(runs);
  });

  it('cancelled say so on their runs, which can then be deleted', async () => {
    const { runs, job } = await api.experiments.create.mutate({
      spec: spec({ training: { epochs: 5000, batch: 16 } }),
    });
    await eventsUntil(
      (e) => e.type === 'epoch' && e.run === runs[0],
      async () => {},
    );
    expect(await api.jobs.act.mutate({ id: job, action: 'cancel' })).toMatchObject({ status: 'cancelled' });
    expect(await api.runs.get.query({ run: runs[0]! })).toMatchObject({ status: 'cancelled', metrics: null });
    await api.runs.delete.mutate({ run: runs[0]! });
    expect(await failure(api.runs.get.query({ run: runs[0]! }))).toMatchObject({ code: 'not-found' });
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

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import type { Engine } from '../../src-main/engine.ts';
import { failure, get } from '../fixtures/engine-client.ts';
import { eventsUntil, IMAGES, importRated, resultOf, useEngine } from '../fixtures/use-engine.ts';

const t = useEngine();
let engine: Engine;
let api: typeof t.api;
let dataset: number;
beforeAll(async () => {
  ({ engine, api } = t);
  dataset = await importRated(t, 'small');
});

/** V8's garbage collector as a function. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

describe('an extraction', () => {
  it('tells its progress on the event stream', async () => {
    let job = 0;
    const events = await eventsUntil(
      engine,
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

  // A web Request follows its signal only as long as the Request lives: nothing else may hold the stream together.
  it('hears that the window went, even after a garbage collection', async () => {
    const collect = exposedCollector();
    const { events, guests } = engine.services;
    let stopped = 0;
    const subscribe = events.subscribe.bind(events);
    events.subscribe = (listener) => {
      const stop = subscribe(listener);
      return () => (stopped++, stop());
    };
    const gone = new AbortController();
    const open = async (url: string) => {
      const request = new Request(`http://localhost${url}`, { signal: gone.signal });
      return (await engine.handler(request, { trust: 'local' })).body!;
    };
    const bodies = [await open('/events'), await open('/guest')];
    expect(guests.present).toBe(1);
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      collect();
    }
    gone.abort();
    expect([stopped > 0, guests.present]).toEqual([true, 0]);
    await guests.gone();
    expect(bodies).toHaveLength(2);
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
    expect(((await resultOf(engine, job)) as ExtractResult).streams[0]).toMatchObject({
      done: IMAGES,
      reused: IMAGES,
    });
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

  it('wait for features that are being extracted, but not for others', async () => {
    const before = (await api.runs.list.query()).length;
    const extraction = await engine.services.queue.add('extract', 'again', { dataset, streams: ['nss'] });
    expect(await failure(api.experiments.create.mutate({ spec: spec() }))).toMatchObject({
      code: 'conflict',
      message: 'Features of "small" are still being extracted',
      hint: expect.stringContaining('when that job is done') as string,
    });
    expect(await api.runs.list.query()).toHaveLength(before);
    await engine.services.queue.wait(extraction);
    const other = await engine.services.queue.add('extract', 'other', { dataset, streams: ['mobilenet-v2'] });
    const { job } = await api.experiments.create.mutate({ spec: spec({ name: 'beside another stream' }) });
    await engine.services.queue.wait(other);
    await resultOf(engine, job);
  });

  it('run to metrics, predictions in label order and the CSV of the interface', async () => {
    const { runs, job } = await api.experiments.create.mutate({ spec: spec() });
    const [run] = runs as [number];
    expect(await failure(api.runs.delete.mutate({ run }))).toMatchObject({ code: 'conflict' });
    const same = await api.experiments.create.mutate({ spec: spec() });
    expect(same.job).toBe(job); // joined while it is not finished
    await resultOf(engine, job);
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
    expect(predictions.name).toEqual(t.rows.map((r) => r.name));
    expect(predictions.mos).toEqual(t.rows.map((r) => r.mos));
    const csv = await get(engine, `/export/run/${run}.csv`);
    expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="run-${run}.csv"`);
    const [header, ...lines] = (await csv.text()).trimEnd().split('\n');
    expect(header).toBe('image,mos,mos_std,prediction,prediction_std,fold,group,distortion,level');
    expect(lines).toHaveLength(IMAGES);
    const cells = lines[7]!.split(',');
    expect([cells[0], Number(cells[1]), cells[2], cells[4], cells[6], cells[7], Number(cells[8])]).toEqual([
      t.rows[7]!.name,
      t.rows[7]!.mos,
      '0.5',
      '',
      t.rows[7]!.group,
      'noise',
      t.rows[7]!.level,
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

  it('come as templates, filled in with what the dataset has', async () => {
    const templates = await api.experiments.templates.query({ train: dataset, preset: 'studio' });
    expect(templates.map((t) => t.source)).toContain('Table 5 (iii)');
    const filled = templates.filter((t) => t.spec !== null);
    expect(filled.map((t) => t.id)).toEqual(['table-3', 'table-4', 'table-5-ii']);
    for (const { spec: template, missing, answers } of filled) {
      expect(template).toMatchObject({ train: 'small', streams: ['nss'], protocol: { unit: 'group' } });
      expect((await api.experiments.check.query({ spec: template })).warnings).toEqual([]);
      expect(missing[0]?.message).toMatch(/^Features of SigLIP/);
      expect(answers).toMatch(/\?$/);
    }
    const cross = templates.find((t) => t.id === 'table-5-i')!;
    expect([cross.spec, cross.missing[0]?.message]).toEqual([
      null,
      'A second dataset to test on, beside small.',
    ]);
    expect(await failure(api.experiments.templates.query({ train: 4711 }))).toMatchObject({
      code: 'not-found',
    });
  });

  it('run over repeats, each image with the mean of its predictions', async () => {
    const { runs, job } = await api.experiments.create.mutate({
      spec: spec({ protocol: { kind: 'split', repeats: 3, unit: 'group' }, ensemble: { seeds: [1, 2] } }),
    });
    await resultOf(engine, job);
    const detail = await api.runs.get.query({ run: runs[0]! });
    expect(detail).toMatchObject({
      protocol: '3 random 80/20 splits by group, 2 members',
      parts: ['repeat 1', 'repeat 2', 'repeat 3'],
      warnings: [],
      metrics: { median: { rmse: expect.any(Number) as number } },
    });
    const predictions = await api.runs.predictions.query({ run: runs[0]! });
    expect(predictions.image).toHaveLength(detail.metrics!.overall.n);
    const csv = await (await get(engine, `/export/run/${runs[0]!}.csv`)).text();
    expect(csv.trimEnd().split('\n')).toHaveLength(predictions.image.length + 1);
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
    await resultOf(engine, job);
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
      engine,
      (e) => e.type === 'epoch' && e.run === runs[0],
      async () => {},
    );
    expect(await api.jobs.act.mutate({ id: job, action: 'cancel' })).toMatchObject({ status: 'cancelled' });
    expect(await api.runs.get.query({ run: runs[0]! })).toMatchObject({ status: 'cancelled', metrics: null });
    await api.runs.delete.mutate({ run: runs[0]! });
    expect(await failure(api.runs.get.query({ run: runs[0]! }))).toMatchObject({ code: 'not-found' });
  });
});

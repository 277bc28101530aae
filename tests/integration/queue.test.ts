import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import type { Job, StudioEvent } from '../../src-shared/jobs.ts';
import type { CatalogWriter } from '../../src-main/catalog/commands.ts';
import { openCatalogReader, type CatalogReader } from '../../src-main/catalog/reader.ts';
import { startCatalogWriter } from '../../src-main/catalog/writer.ts';
import { EventHub } from '../../src-main/jobs/events.ts';
import { JobQueue, type JobControl } from '../../src-main/jobs/queue.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
let writer: CatalogWriter;
let reader: CatalogReader;
let close: () => Promise<void>;
let events: EventHub;
let queue: JobQueue;
let seen: Job[];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);

beforeEach(async () => {
  const folder = temporary('queue');
  const started = await startCatalogWriter(path.join(folder, 'catalog.sqlite'), folder);
  writer = started.writer;
  reader = openCatalogReader(path.join(folder, 'catalog.sqlite'));
  close = async () => {
    reader.close();
    await started.close();
  };
  queue = newQueue();
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  await queue.close();
  await close();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

function newQueue(parts: Partial<ConstructorParameters<typeof JobQueue>[0]> = {}): JobQueue {
  events = new EventHub();
  seen = [];
  events.subscribe((event: StudioEvent) => event.type === 'job' && seen.push(event.job));
  return new JobQueue({ reader, writer, events, ...parts });
}

/** A job that runs until it is told to end, to fail, or is stopped. */
function held() {
  const started = Promise.withResolvers<JobControl>();
  const end = Promise.withResolvers<unknown>();
  const run = (_payload: unknown, control: JobControl) => {
    started.resolve(control);
    return new Promise((resolve, reject) => {
      const stop = () => reject(new StudioError('cancelled', 'Stopped'));
      if (control.signal.aborted) return stop();
      control.signal.addEventListener('abort', stop);
      end.promise.then(resolve, reject);
    });
  };
  return { started: started.promise, end, run };
}
const statuses = (id: number) => seen.filter((j) => j.id === id).map((j) => j.status);

describe('a job', () => {
  it('runs to its end, with progress, result and times in the catalog', async () => {
    queue.handle('extract', (payload, control) => {
      control.progress({ done: 1, total: 3, message: 'reading' });
      control.progress({ done: 3, message: 'reading' });
      return Promise.resolve({ got: payload });
    });
    const id = await queue.add('extract', 'Extract', { dataset: 7 });
    const job = await queue.wait(id);
    expect(job).toMatchObject({ status: 'done', done: 3, total: 3, failed: 0, error: null, actions: [] });
    expect(reader.jobs.get(id)).toMatchObject({ status: 'done', result: { got: { dataset: 7 } } });
    expect(Date.parse(job.finishedAt!)).toBeGreaterThanOrEqual(Date.parse(job.createdAt));
    expect(statuses(id)[0]).toBe('queued');
    expect(statuses(id).at(-1)).toBe('done');
  });

  it('that throws is failed with its error, and the next one runs', async () => {
    queue.handle('extract', () => {
      throw new StudioError('bad-input', 'No such stream', { hint: 'Look again.' });
    });
    queue.handle('experiment', () => Promise.reject(new TypeError('x is undefined')));
    const first = await queue.add('extract', 'a', {});
    const second = await queue.add('experiment', 'b', {});
    expect(await queue.wait(first)).toMatchObject({
      status: 'failed',
      error: { code: 'bad-input', message: 'No such stream', hint: 'Look again.' },
      actions: ['retry'],
    });
    expect(await queue.wait(second)).toMatchObject({
      status: 'failed',
      error: { code: 'internal', message: 'x is undefined' },
    });
  });

  it('without a handler is failed and blocks nobody', async () => {
    const id = await queue.add('demo', 'd', {});
    expect(await queue.wait(id)).toMatchObject({ status: 'failed', error: { code: 'internal' } });
  });

  it('lists its failed items and can be retried as a new job', async () => {
    const payloads: unknown[] = [];
    queue.handle('extract', (payload, control) => {
      payloads.push(payload);
      if (payloads.length === 1) {
        control.fail('b.png', { code: 'unreadable-image', message: 'truncated' });
        control.fail('a.png', { code: 'internal', message: 'odd' });
      }
      return Promise.resolve(null);
    });
    const id = await queue.add('extract', 'x', { dataset: 3 });
    expect(await queue.wait(id)).toMatchObject({ status: 'done', failed: 2, actions: ['retry'] });
    expect(queue.failures(id).map((f) => [f.item, f.error.code])).toEqual([
      ['a.png', 'internal'],
      ['b.png', 'unreadable-image'],
    ]);
    const again = await queue.act(id, 'retry');
    expect(again.id).not.toBe(id);
    expect(await queue.wait(again.id)).toMatchObject({ status: 'done', failed: 0, actions: [] });
    expect(payloads).toEqual([{ dataset: 3 }, { dataset: 3 }]);
  });

  it('of a prediction keeps its result, but not in the list', async () => {
    queue.handle('predict', () => Promise.resolve({ predictions: [1, 2, 3] }));
    const id = await queue.add('predict', 'p', {});
    await queue.wait(id);
    expect(queue.get(id).result).toEqual({ predictions: [1, 2, 3] });
    expect(queue.list()).toMatchObject([{ id, status: 'done', result: null }]);
  });
});

describe('lanes', () => {
  it('run work one after the other and scans beside it', async () => {
    const work = [held(), held()];
    const scan = held();
    let next = 0;
    queue.handle('extract', (p, c: JobControl) => work[next++]!.run(p, c));
    queue.handle('experiment', (p, c: JobControl) => work[next++]!.run(p, c));
    queue.handle('scan', scan.run);
    const [a, b, s] = [
      await queue.add('extract', 'a', {}),
      await queue.add('experiment', 'b', {}),
      await queue.add('scan', 's', {}),
    ];
    await Promise.all([work[0]!.started, scan.started]);
    expect([a, b, s].map((id) => queue.get(id).status)).toEqual(['running', 'queued', 'running']);
    work[0]!.end.resolve(null);
    await work[1]!.started;
    expect([a, b, s].map((id) => queue.get(id).status)).toEqual(['done', 'running', 'running']);
    work[1]!.end.resolve(null);
    scan.end.resolve(null);
    await Promise.all([queue.wait(b), queue.wait(s)]);
  });
});

describe('actions', () => {
  it('cancel a running job', async () => {
    const job = held();
    queue.handle('extract', job.run);
    const id = await queue.add('extract', 'x', {});
    const control = await job.started;
    expect(control.intent()).toBeNull();
    expect(await queue.act(id, 'cancel')).toMatchObject({
      status: 'cancelled',
      error: null,
      actions: ['retry'],
    });
    expect(control.intent()).toBe('cancel');
    expect(reader.jobs.get(id).status).toBe('cancelled');
    await expect(queue.act(id, 'cancel')).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('retry') as string,
    });
  });

  it('cancel a waiting job, telling its handler, and leave the running one alone', async () => {
    const [first, second] = [held(), held()];
    const handlers = [first, second];
    queue.handle('extract', (p, c: JobControl) => handlers.shift()!.run(p, c));
    const running = await queue.add('extract', 'a', {});
    await first.started;
    const waiting = await queue.add('extract', 'b', {});
    expect(await queue.act(waiting, 'cancel')).toMatchObject({ status: 'cancelled' });
    expect((await second.started).intent()).toBe('cancel');
    expect(queue.get(running).status).toBe('running');
    first.end.resolve(null);
    expect(await queue.wait(running)).toMatchObject({ status: 'done' });
  });

  it('pause and resume: it goes on where the catalog stands', async () => {
    const first = held();
    let runs = 0;
    queue.handle('extract', (p, c: JobControl) =>
      runs++ === 0 ? first.run(p, c) : Promise.resolve('second time'),
    );
    const id = await queue.add('extract', 'x', {});
    (await first.started).progress({ done: 40, total: 100 });
    expect(await queue.act(id, 'pause')).toMatchObject({
      status: 'paused',
      done: 40,
      actions: ['resume', 'cancel'],
    });
    expect(reader.jobs.get(id)).toMatchObject({ status: 'paused', done: 40 });
    await expect(queue.act(id, 'pause')).rejects.toMatchObject({ code: 'conflict' });
    await queue.act(id, 'resume');
    expect(await queue.wait(id)).toMatchObject({ status: 'done', result: 'second time' });
  });

  it('pause a waiting job, resume it behind another, and say so to the window', async () => {
    const [first, second] = [held(), held()];
    const handlers = [first, second];
    queue.handle('extract', (p, c: JobControl) => handlers.shift()!.run(p, c));
    await queue.add('extract', 'a', {});
    await first.started;
    const id = await queue.add('extract', 'b', {});
    expect(await queue.act(id, 'pause')).toMatchObject({ status: 'paused' });
    expect(await queue.act(id, 'resume')).toMatchObject({ status: 'queued' });
    expect(statuses(id)).toEqual(['queued', 'paused', 'queued']);
    first.end.resolve(null);
    await second.started;
    second.end.resolve(null);
    expect(await queue.wait(id)).toMatchObject({ status: 'done' });
  });

  it('cancel a paused job', async () => {
    const job = held();
    const again = held();
    const handlers = [job, again];
    queue.handle('experiment', (p, c: JobControl) => handlers.shift()!.run(p, c));
    const id = await queue.add('experiment', 'x', {});
    await job.started;
    await queue.act(id, 'pause');
    expect(await queue.act(id, 'cancel')).toMatchObject({ status: 'cancelled' });
  });

  it('are refused where they make no sense, and for jobs that are not there', async () => {
    const scan = held();
    queue.handle('scan', scan.run);
    const id = await queue.add('scan', 's', {});
    await scan.started;
    for (const action of ['pause', 'resume', 'retry'] as const) {
      await expect(queue.act(id, action)).rejects.toMatchObject({ code: 'conflict' });
    }
    await expect(queue.act(id + 100, 'cancel')).rejects.toMatchObject({ code: 'not-found' });
    scan.end.resolve(null);
    await queue.wait(id);
  });

  it('clear what is finished and nothing else', async () => {
    const job = held();
    queue.handle('predict', () => Promise.resolve(null));
    queue.handle('extract', job.run);
    await queue.wait(await queue.add('predict', 'p', {}));
    const id = await queue.add('extract', 'x', {});
    await job.started;
    await queue.clearFinished();
    expect(queue.list().map((j) => j.id)).toEqual([id]);
    job.end.resolve(null);
    await queue.wait(id);
  });
});

describe('an engine that ends', () => {
  it('leaves its running job to the next one, which begins it again; paused stays paused, scans are over', async () => {
    const [running, waiting, paused] = [held(), held(), held()];
    queue.handle('extract', running.run);
    queue.handle('experiment', waiting.run);
    queue.handle('demo', paused.run);
    queue.handle('scan', held().run);
    const a = await queue.add('extract', 'a', { n: 1 });
    (await running.started).progress({ done: 5, total: 10 });
    (await running.started).fail('x.png', { code: 'internal', message: 'first attempt' });
    const b = await queue.add('experiment', 'b', { n: 2 });
    const c = await queue.add('demo', 'c', {});
    await queue.act(c, 'pause');
    const s = await queue.add('scan', 's', {});
    await queue.close();
    expect(reader.jobs.unfinished().map((j) => [j.id, j.status])).toEqual([
      [a, 'running'],
      [b, 'queued'],
      [c, 'paused'],
      [s, 'running'],
    ]);

    queue = newQueue();
    const order: unknown[] = [];
    const note = (payload: unknown) => Promise.resolve(void order.push(payload));
    queue.handle('extract', note);
    queue.handle('experiment', note);
    queue.handle('demo', note);
    await queue.restore();
    expect(await queue.wait(a)).toMatchObject({ status: 'done', failed: 0 });
    expect(queue.failures(a)).toEqual([]);
    await queue.wait(b);
    expect(order).toEqual([{ n: 1 }, { n: 2 }]);
    expect(queue.get(c).status).toBe('paused');
    expect(queue.get(s)).toMatchObject({
      status: 'failed',
      error: { code: 'cancelled', hint: expect.any(String) as string },
      actions: [],
    });
  });

  it('starts nothing more while it closes', async () => {
    const [first, second] = [held(), held()];
    const handlers = [first, second];
    queue.handle('extract', (p, c: JobControl) => handlers.shift()!.run(p, c));
    await queue.add('extract', 'a', {});
    const waiting = await queue.add('extract', 'b', {});
    await first.started;
    await queue.close();
    expect(queue.get(waiting).status).toBe('queued');
    expect(handlers).toEqual([second]);
  });
});

describe('progress', () => {
  it('is told at most five times a second, unless a new stage begins', async () => {
    queue.handle('experiment', async (_payload, control: JobControl) => {
      for (let epoch = 1; epoch <= 400; epoch++) {
        control.progress({
          done: epoch,
          total: 400,
          message: `fold ${1 + (epoch >> 7)} of 5, epoch ${epoch} of 400`,
        });
        if (epoch % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      control.progress({ message: 'confidence intervals' });
      return null;
    });
    const started = performance.now();
    const id = await queue.add('experiment', 'x', {});
    await queue.wait(id);
    const seconds = (performance.now() - started) / 1000;
    const told = seen.filter((j) => j.id === id && j.status === 'running');
    expect(told.length).toBeLessThanOrEqual(4 + Math.ceil(seconds * 5));
    expect(told.at(-1)!.message).toBe('confidence intervals');
    expect(reader.jobs.get(id)).toMatchObject({ done: 400, total: 400 });
  });

  it('writes to the catalog about once a second', async () => {
    const saves = vi.fn();
    const counting = new Proxy(writer, {
      get: (target, name: keyof CatalogWriter) =>
        name === 'saveJob' ? (saves(), target.saveJob) : target[name],
    });
    queue = newQueue({ writer: counting });
    queue.handle('extract', async (_payload, control: JobControl) => {
      for (let i = 0; i < 300; i++) {
        control.progress({ done: i, total: 300 });
        if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    await queue.wait(await queue.add('extract', 'x', {}));
    expect(saves.mock.calls.length).toBeLessThan(8);
  });
});

describe('a catalog that can not be written (a full disk)', () => {
  const full = () => Promise.reject(new StudioError('no-space', 'The disk is full'));

  it('fails the job, in memory, and the queue goes on', async () => {
    let broken = true;
    const flaky = new Proxy(writer, {
      get: (target, name: keyof CatalogWriter) => (broken && name === 'saveJob' ? full : target[name]),
    });
    queue = newQueue({ writer: flaky });
    queue.handle('extract', (_payload, control: JobControl) => {
      control.progress({ done: 1, total: 2 });
      return Promise.resolve('done');
    });
    const id = await queue.add('extract', 'x', {});
    expect(await queue.wait(id)).toMatchObject({ status: 'failed', error: { code: 'no-space' } });
    expect(queue.findLive(() => true)).toBeNull();
    broken = false;
    const again = await queue.act(id, 'retry');
    expect(await queue.wait(again.id)).toMatchObject({ status: 'done', result: 'done' });
  });
});

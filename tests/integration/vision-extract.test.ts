/** Vision streams from manifest and model to features: every kind of model, failures, crashes, and what uses the features. */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../src-main/engine.ts';
import type { ExtractResult, PredictResult } from '../../src-shared/jobs.ts';
import { encoderProcesses, peakMemory } from '../fixtures/encoder-processes.ts';
import { apiOf, failure, get } from '../fixtures/engine-client.ts';
import { smallEncoder, writeSmallEncoder, type SmallEncoderOptions } from '../fixtures/onnx-encoder.ts';
import { makeSmallDataset, SMALL_DATASET_OPTIONS, type SmallImage } from '../fixtures/small-dataset.ts';
import { largestDifference, straightEmbeddings } from '../fixtures/straight-embeddings.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const root = temporary('root');
const models = temporary('models');
const folder = path.join(root, 'rated');
const IMAGES = 40;
let engine: Engine;
let api: ReturnType<typeof apiOf>;
let rows: SmallImage[];
let dataset: number;
/** What a straight loop over pictures and crops gives: one crop per run, in this process. */
let straightMean: Float64Array[];

beforeAll(async () => {
  rows = await makeSmallDataset(folder, { images: IMAGES, width: 96, height: 72 });
  process.env['HF_HUB_CACHE'] = temporary('hub');
  process.env['HF_HUB_OFFLINE'] = '1';
  engine = await startEngine({ home: temporary('home'), root });
  api = apiOf(engine, 'local');
  const scan = await finish<{ scan: string }>(
    (await api.datasets.scan.mutate({ folder: { path: folder }, options: SMALL_DATASET_OPTIONS })).job,
  );
  dataset = (await api.datasets.import.mutate({ scan: scan.scan, name: 'small' })).id;
  straightMean = await straight();
});
afterAll(() => engine.close());

async function finish<T>(job: number): Promise<T> {
  const ended = await engine.services.queue.wait(job);
  if (ended.status !== 'done') throw new Error(`${ended.status}: ${JSON.stringify(ended.error)}`);
  return ended.result as T;
}

function straight(options: SmallEncoderOptions = {}): Promise<Float64Array[]> {
  const { manifest, model } = smallEncoder(options);
  const row = options.row ?? null;
  const pictures = rows.map(({ name }) => path.join(folder, 'images', name));
  return straightEmbeddings({ ...manifest, output: { ...manifest.output, row } }, model, pictures);
}

async function add(options: SmallEncoderOptions): Promise<string> {
  const { id, manifest, model } = writeSmallEncoder(models, options);
  const { job } = await api.encoders.add.mutate({ manifest, model });
  await finish(job!);
  return id;
}

async function extract(stream: string): Promise<ExtractResult['streams'][number]> {
  const { job } = await api.streams.extract.mutate({ dataset, streams: [stream], device: 'cpu' });
  return (await finish<ExtractResult>(job)).streams[0]!;
}

/** The features of a stream through the export, in label order. */
async function features(stream: string): Promise<number[][]> {
  const response = await get(engine, `/export/features?dataset=small&stream=${stream}&format=csv`);
  const [, ...lines] = (await response.text()).trim().split('\n');
  return lines.map((line) => line.split(',').slice(1).map(Number));
}

/** The largest difference to the straight loop, as a share of the largest component. */
function difference(actual: number[][], expected: Float64Array[] = straightMean): number {
  expect(actual).toHaveLength(IMAGES);
  return largestDifference(actual, expected);
}

describe('a model', { timeout: 120_000 }, () => {
  it.each<[string, SmallEncoderOptions, number]>([
    ['with an open batch', { id: 'dynamic' }, 1e-6],
    ['with a batch of one', { id: 'one', batch: 1 }, 1e-6],
    ['with a batch that is no multiple of five', { id: 'four', batch: 4 }, 1e-6],
    ['with a batch of ten', { id: 'ten', batch: 10 }, 1e-6],
    ['with half-precision input and output', { id: 'half', dtype: 'float16' }, 2e-3],
    [
      'with external data under a UUID',
      { id: 'uuid', external: '7d8f2b1c-0000-4000-8000-5a5a5a5a5a5a' },
      1e-6,
    ],
  ])('%s gives the embeddings of a straight loop', async (_name, options, tolerance) => {
    const id = await add(options);
    expect(await extract(id)).toMatchObject({
      stream: id,
      done: IMAGES,
      failed: 0,
      reused: 0,
      device: 'cpu',
      version: expect.stringMatching(
        /^five-crop\/1\+squash-32-bicubic\/1-[0-9a-f]{8}\+model-[0-9a-f]{16}\+cpu-float(32|16)\+decoder\/1$/,
      ) as string,
    });
    expect(difference(await features(id))).toBeLessThan(tolerance);
    expect(await extract(id)).toMatchObject({ done: IMAGES, reused: IMAGES });
  });

  it('with a token row gives that row', async () => {
    const id = await add({ id: 'token', row: 3 });
    await extract(id);
    expect(difference(await features(id), await straight({ row: 3 }))).toBeLessThan(1e-6);
    expect(difference(await features(id))).toBeGreaterThan(0.01);
  });

  it('that is not there is refused with the command that brings it', async () => {
    expect(await failure(api.streams.extract.mutate({ dataset, streams: ['clip-vit-b32'] }))).toMatchObject({
      code: 'not-available',
      hint: expect.stringContaining('studio encoders download clip-vit-b32') as string,
    });
    expect(await failure(api.streams.extract.mutate({ dataset, streams: ['clip-vit-b23'] }))).toMatchObject({
      code: 'not-available',
      hint: expect.stringContaining('Did you mean "clip-vit-b32"?') as string,
    });
    const { manifest } = writeSmallEncoder(models, { id: 'bare' });
    await api.encoders.add.mutate({ manifest, model: null });
    expect(await failure(api.streams.extract.mutate({ dataset, streams: ['bare'] }))).toMatchObject({
      hint: expect.stringContaining('--model FILE.onnx') as string,
    });
  });

  it('that does not fit its manifest is refused, naming both sides', async () => {
    const { manifest, model } = writeSmallEncoder(models, { id: 'misfit' });
    copyFileSync(writeSmallEncoder(models, { id: 'other', dimension: 24 }).model, model);
    expect(await failure(api.encoders.add.mutate({ manifest, model }))).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('manifest [batch, 16], model [n, 24]') as string,
    });
  });

  it('that changes is noticed, and its recorded hash is enforced', async () => {
    const id = await add({ id: 'changing' });
    expect((await api.encoders.get.query({ id })).state).toBe('ready');
    const { model } = smallEncoder({ id: 'changing', seed: 2 });
    writeFileSync(path.join(models, 'changing.onnx'), model);
    expect((await api.encoders.get.query({ id })).state).toBe('unverified');
    const { job } = await api.streams.extract.mutate({ dataset, streams: [id] });
    expect(await engine.services.queue.wait(job)).toMatchObject({
      status: 'failed',
      error: { code: 'corrupt', message: expect.stringMatching(/sha256 [0-9a-f]{64} instead of/) as string },
    });
    expect((await api.encoders.get.query({ id })).state).toBe('mismatch');
    writeSmallEncoder(models, { id: 'changing' });
    await finish((await api.encoders.verify.mutate({ id })).job);
    expect((await api.encoders.get.query({ id })).state).toBe('ready');
  });
});

describe('an extraction', { timeout: 120_000 }, () => {
  it('goes on when pictures fail, and takes them up again', async () => {
    const id = await add({ id: 'failing', seed: 3 });
    const [good, changed] = rows.map(({ name }) => path.join(folder, 'images', name));
    const bytes = readFileSync(changed!);
    copyFileSync(good!, changed!);
    try {
      expect(await extract(id)).toMatchObject({ done: IMAGES - 1, failed: 1 });
      expect(await api.streams.failures.query({ dataset, stream: id })).toMatchObject([
        { name: rows[1]!.name, code: 'conflict' },
      ]);
    } finally {
      writeFileSync(changed!, bytes);
    }
    expect(await extract(id)).toMatchObject({ done: IMAGES, failed: 0, reused: IMAGES - 1 });
  });

  // Finding the child needs /proc.
  it.skipIf(process.platform !== 'linux')('survives the end of its encoder process', async () => {
    const id = await add({ id: 'killed', seed: 4, side: 256, dimension: 512 });
    const { job } = await api.streams.extract.mutate({ dataset, streams: [id] });
    const version = (await api.encoders.get.query({ id })).version!;
    while (engine.services.reader.features.counts(dataset, { stream: id, version }).done === 0)
      await sleep(5);
    encoderProcesses(process.pid).forEach(kill);
    expect(await finish<ExtractResult>(job)).toMatchObject({ streams: [{ done: IMAGES, failed: 0 }] });
    expect(encoderProcesses(process.pid)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('fails with a remedy when its process keeps ending', async () => {
    const id = await add({ id: 'doomed', seed: 6, side: 512, dimension: 512 });
    const { job } = await api.streams.extract.mutate({ dataset, streams: [id], device: 'cpu' });
    while (['queued', 'running'].includes(engine.services.queue.get(job).status)) {
      for (const pid of encoderProcesses(process.pid)) kill(pid);
      await sleep(1);
    }
    expect(engine.services.queue.get(job)).toMatchObject({
      status: 'failed',
      error: {
        code: 'internal',
        message: expect.stringContaining('SIGKILL') as string,
        hint: expect.stringContaining('memory') as string,
      },
    });
  });

  it('ends its process within two seconds when it is cancelled', async () => {
    const id = await add({ id: 'cancelled', seed: 5, side: 512, dimension: 512 });
    const { job } = await api.streams.extract.mutate({ dataset, streams: [id] });
    while (encoderProcesses(process.pid).length === 0) await sleep(5);
    const started = performance.now();
    await api.jobs.act.mutate({ id: job, action: 'cancel' });
    expect(performance.now() - started).toBeLessThan(2000);
    expect(encoderProcesses(process.pid)).toEqual([]);
    expect(engine.services.queue.get(job).status).toBe('cancelled');
  });
});

// Two at once, or one that waits for the garbage collector, would take 600 MB for pixels alone (docs/performance.md).
describe.skipIf(process.platform !== 'linux')('pictures of 100 megapixels', { timeout: 180_000 }, () => {
  it('take their turns, so that memory stays bounded', async () => {
    const large = path.join(temporary('large'), 'rated');
    mkdirSync(large);
    const create = { width: 10_000, height: 10_000, channels: 3, background: '#486' } as const;
    await sharp({ create }).jpeg().toFile(path.join(large, 'a.jpg'));
    await sharp({ create: { ...create, background: '#846' } })
      .jpeg()
      .toFile(path.join(large, 'b.jpg'));
    await sharp({ create }).png({ compressionLevel: 1 }).toFile(path.join(large, 'c.png'));
    writeFileSync(path.join(large, 'scores.csv'), 'image,mos\na.jpg,1\nb.jpg,2\nc.png,3\n');
    const scan = await finish<{ scan: string }>(
      (await api.datasets.scan.mutate({ folder: { path: large }, options: SMALL_DATASET_OPTIONS })).job,
    );
    const { id } = await api.datasets.import.mutate({ scan: scan.scan, name: 'large' });
    const stream = await add({ id: 'large' });
    const { job } = await api.streams.extract.mutate({ dataset: id, streams: [stream], device: 'cpu' });
    let peak = 0;
    while (['queued', 'running'].includes(engine.services.queue.get(job).status)) {
      for (const pid of encoderProcesses(process.pid)) peak = Math.max(peak, peakMemory(pid));
      await sleep(20);
    }
    expect(await finish<ExtractResult>(job)).toMatchObject({ streams: [{ done: 3, failed: 0 }] });
    expect(peak).toBeGreaterThan(300e6);
    expect(peak).toBeLessThan(750e6);
  });
});

describe('what is extracted', { timeout: 120_000 }, () => {
  it('shows in the matrix, one column per stream', async () => {
    const matrix = await api.streams.matrix.query();
    const ids = matrix.streams.map((s) => s.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['nss', 'dynamic', 'half']));
    expect(ids).not.toContain('clip-vit-b32');
    expect(matrix.cells.find((c) => c.stream === 'dynamic')).toMatchObject({
      done: IMAGES,
      failed: 0,
      job: null,
    });
    expect(matrix.streams.find((s) => s.id === 'dynamic')).toMatchObject({ kind: 'vision', dimension: 16 });
  });

  it('says in the matrix when its model is another one by now', async () => {
    const cell = async () =>
      (await api.streams.matrix.query()).cells.find((c) => c.stream === 'aging' && c.dataset === dataset);
    await extract(await add({ id: 'aging', seed: 7 }));
    const before = await cell();
    expect(before).toMatchObject({ done: IMAGES, outdated: false });
    await api.encoders.remove.mutate({ id: 'aging' });
    expect(await cell()).toMatchObject({ done: IMAGES, outdated: false }); // there is nothing to extract with
    await add({ id: 'aging', seed: 8 });
    expect(await cell()).toMatchObject({ done: IMAGES, outdated: true, version: before!.version });
    expect(await extract('aging')).toMatchObject({ done: IMAGES, reused: 0 });
    expect(await cell()).toMatchObject({ done: IMAGES, outdated: false });
    expect((await cell())!.version).not.toBe(before!.version);
  });

  it('trains a run, and the run predicts new pictures', async () => {
    await extract('dynamic');
    await extract('nss');
    const spec = {
      train: 'small',
      streams: ['nss', 'dynamic'],
      fusion: { hidden: [8, 4] },
      training: { epochs: 2, batch: 16 },
      protocol: { kind: 'cv', folds: 2, unit: 'image' },
    };
    const created = await api.experiments.create.mutate({ spec });
    await finish(created.job);
    const file = path.join(folder, 'images', rows[0]!.name);
    const { job } = await api.runs.predict.mutate({
      run: created.runs[0]!,
      paths: [file, path.join(root, 'rated', 'labels.csv')],
    });
    const { predictions } = await finish<PredictResult>(job);
    expect(predictions).toMatchObject([
      { image: file, prediction: expect.any(Number) as number, error: null },
      { prediction: null, error: { code: 'unsupported-image' } },
    ]);
  });

  it('stays when its encoder is removed', async () => {
    const removal = await api.encoders.removal.query({ id: 'one' });
    expect(removal).toMatchObject({ manifest: true, bytes: 0, features: { datasets: 1, pictures: IMAGES } });
    expect(await api.encoders.remove.mutate({ id: 'one' })).toEqual(removal);
    expect(await failure(api.encoders.get.query({ id: 'one' }))).toMatchObject({ code: 'not-found' });
    expect(readdirSync(models)).toContain('one.onnx');
    expect(difference(await features('one'))).toBeLessThan(1e-6);
    expect((await api.streams.matrix.query()).cells.find((c) => c.stream === 'one')).toMatchObject({
      done: IMAGES,
    });
    rmSync(path.join(models, 'one.onnx'));
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}

/** What the Inspector asks: z-scores, block maps, relatives and occlusion maps, over a small rated dataset with references. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageDetail } from '../../src-shared/dataset.ts';
import type { OcclusionMap } from '../../src-shared/inspect.ts';
import { NSS_BLOCK_NAMES, NSS_NAMES } from '../../src-shared/nss-names.ts';
import { startEngine, type Engine } from '../../src-main/engine.ts';
import { decodePicture } from '../../src-main/images/decode.ts';
import { coverOf, gridCells, occlude, writePng } from '../../src-main/images/occlude.ts';
import { blocksReference, describeReference } from '../../src-main/streams/nss/reference/reference.ts';
import type { PredictResult, StudioEvent } from '../../src-shared/jobs.ts';
import { apiOf, failure, get } from '../fixtures/engine-client.ts';
import { makeSmallDataset, SMALL_DATASET_OPTIONS } from '../fixtures/small-dataset.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';
import { resultOf } from '../fixtures/use-engine.ts';

const temporary = temporaryFolders();
const root = temporary('root');
const home = temporary('home');
const folder = path.join(root, 'rated');
const IMAGES = 30;
let engine: Engine;
let api: ReturnType<typeof apiOf>;
let run: number;
/** All images in label order. */
let images: ImageDetail[];

/** The decoded file of an image. */
const pixels = (name: string) => {
  const file = path.join(folder, 'images', name);
  return decodePicture(readFileSync(file), file);
};

beforeAll(async () => {
  const rows = await makeSmallDataset(folder, { images: IMAGES, width: 112, height: 70 });
  // Scene g0's pristine picture is a rated image, g1's a file without a row, the others have none.
  const lines = rows.map((r, i) => {
    const pristine = i === 0 ? ',,' : `noise,${r.level},`;
    return `${r.name},${r.mos},0.5,${r.group},${pristine}${r.group === 'g0' ? rows[0]!.name : r.group}`;
  });
  const header = 'image,mos,std,group,distortion,level,reference';
  writeFileSync(path.join(folder, 'labels.csv'), `${[header, ...lines].join('\n')}\n`);
  writeFileSync(
    path.join(folder, 'images', 'g1.png'),
    readFileSync(path.join(folder, 'images', rows[1]!.name)),
  );
  // Left by an engine that crashed.
  mkdirSync(path.join(home, 'temporary', 'occlusion-old'), { recursive: true });
  engine = await startEngine({ home, root });
  api = apiOf(engine, 'local');
  const scan = await api.datasets.scan.mutate({
    folder: { path: folder },
    options: { ...SMALL_DATASET_OPTIONS, name: 'small' },
  });
  const { scan: found } = (await resultOf(engine, scan.job)) as { scan: string };
  const dataset = (await api.datasets.import.mutate({ scan: found })).id;
  await resultOf(engine, (await api.streams.extract.mutate({ dataset, streams: ['nss'] })).job);
  const spec = {
    train: 'small',
    streams: ['nss'],
    protocol: { kind: 'cv', folds: 2, unit: 'image' },
    training: { epochs: 2 },
  };
  const created = await api.experiments.create.mutate({ spec });
  await resultOf(engine, created.job);
  run = created.runs[0]!;
  const { items } = await api.images.page.query({ dataset });
  images = await Promise.all(items.map(({ id }) => api.images.get.query({ id })));
}, 120_000);
afterAll(() => engine.close());

describe('z-scores', () => {
  it('are what an independent computation over all pictures gives', async () => {
    const vectors = await Promise.all(images.map(async (i) => describeReference(await pixels(i.name))));
    for (const [d, name] of NSS_NAMES.entries()) {
      const column = vectors.map((v) => v[d]!);
      const mean = column.reduce((a, b) => a + b) / IMAGES;
      const std = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / IMAGES);
      for (const [i, image] of images.entries()) {
        const feature = image.nss!.features[d]!;
        expect(feature.name).toBe(name);
        const expected = std === 0 ? 0 : (column[i]! - mean) / std;
        // A feature that hardly varies magnifies float32's rounding.
        const tolerance = 1e-3 + (1e-4 * Math.max(1, Math.abs(mean))) / Math.max(std, 1e-9);
        expect(Math.abs(feature.z - expected), `${name} of ${image.name}`).toBeLessThan(tolerance);
      }
    }
  });
});

describe('block maps', () => {
  it('are what the float64 reference computes for the picture', async () => {
    const image = images[7]!;
    const reference = blocksReference(await pixels(image.name));
    for (const feature of ['mean.intensity.entropy', 'std.sobel.x.var', 'mean.lbp.14', 'std.color.cov.rg']) {
      const map = await api.images.blockMap.query({ id: image.id, feature });
      expect(map).toMatchObject({ feature, rows: 2, columns: 3, blockSize: 32 });
      const at = NSS_BLOCK_NAMES.indexOf(feature.replace(/^(mean|std)\./, ''));
      const column = Array.from({ length: 6 }, (_, b) => reference.values[b * 69 + at]!);
      const mean = column.reduce((a, b) => a + b) / 6;
      const expected = feature.startsWith('mean.') ? column : column.map((v) => Math.abs(v - mean));
      const scale = Math.max(1, ...column.map(Math.abs));
      map.values.forEach((v, b) => expect(Math.abs(v - expected[b]!) / scale).toBeLessThan(2e-5));
    }
  });

  it('say what is wrong with a feature or an image', async () => {
    const { id } = images[0]!;
    expect(await failure(api.images.blockMap.query({ id, feature: 'mean.nothing' }))).toMatchObject({
      code: 'bad-input',
    });
    expect(await failure(api.images.blockMap.query({ id: 99_999, feature: 'mean.lbp.00' }))).toMatchObject({
      code: 'not-found',
    });
  });
});

describe('relatives', () => {
  it('the reference is a row, a file beside the image, or not there', async () => {
    const of = (group: string) => images.find((i) => i.group === group && i.level === 3)!;
    const pristine = images[0]!;
    const rated = await api.images.related.query({ id: of('g0').id });
    expect(rated.reference).toEqual({ kind: 'image', id: pristine.id, name: pristine.name });
    expect(rated.ladder.map(({ level }) => level)).toEqual([2, 3, 4, 5]);
    expect((await api.images.related.query({ id: of('g1').id })).reference).toEqual({
      kind: 'file',
      name: 'g1.png',
    });
    expect((await api.images.related.query({ id: of('g2').id })).reference).toBeNull();
    expect(await api.images.related.query({ id: pristine.id })).toEqual({ reference: null, ladder: [] });
  });

  it('the reference comes as a picture', async () => {
    const of = (group: string) => images.find((i) => i.group === group && i.level === 3)!.id;
    const bytes = async (address: string) => {
      const response = await get(engine, address);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
      return Buffer.from(await response.arrayBuffer());
    };
    expect(await bytes(`/reference/${of('g0')}`)).toEqual(await bytes(`/image/${images[0]!.id}`));
    expect(await bytes(`/reference/${of('g1')}`)).toEqual(
      readFileSync(path.join(folder, 'images', 'g1.png')),
    );
    expect((await get(engine, `/reference/${of('g2')}`)).status).toBe(404);
  });
});

describe('an occlusion map', () => {
  const ask = (image: ImageDetail, fill: 'mean' | 'grey' | 'blur' = 'mean') =>
    api.images.occlude.mutate({ id: image.id, run, cells: 4, fill });

  it('is the change of the prediction with each cell covered', async () => {
    const image = images[3]!;
    const { job } = await ask(image);
    const map = (await resultOf(engine, job)) as OcclusionMap;
    expect(map).toMatchObject({
      run,
      image: image.id,
      fill: 'mean',
      rows: 3,
      columns: 4,
      width: 112,
      height: 70,
    });
    // The same by hand: covered pictures as files, predicted by the ordinary job.
    const picture = await pixels(image.name);
    const cover = await coverOf(picture, 'mean', 28);
    const byHand = path.join(root, 'covered');
    mkdirSync(byHand, { recursive: true });
    const cells = gridCells(picture, { rows: 3, columns: 4 });
    const paths = cells.map((_, i) => path.join(byHand, `${i}.png`));
    for (const [i, cell] of cells.entries()) await writePng(occlude(picture, cover, cell), paths[i]!);
    const own = path.join(folder, 'images', image.name);
    const predict = await api.runs.predict.mutate({ run, paths: [own, ...paths] });
    const { predictions } = (await resultOf(engine, predict.job)) as PredictResult;
    const [whole, ...covered] = predictions.map((p) => p.prediction!);
    expect(map.prediction).toBeCloseTo(whole!, 6);
    expect(map.predictionStd).toBeCloseTo(predictions[0]!.prediction_std!, 6);
    covered.forEach((p, i) => expect(map.change[i]).toBeCloseTo(p - whole!, 6));
    expect(new Set(map.change.map((c) => c.toFixed(6))).size).toBeGreaterThan(3);
  });

  it('is made once, listed with the image, and leaves no files', async () => {
    const image = images[3]!;
    const [first] = await api.images.occlusions.query({ id: image.id });
    expect(first).toMatchObject({ run, fill: 'mean', cells: 4, status: 'done' });
    expect((await ask(image)).job).toBe(first!.job);
    const blurred = await ask(image, 'blur');
    expect(blurred.job).not.toBe(first!.job);
    await resultOf(engine, blurred.job);
    expect((await api.images.occlusions.query({ id: image.id })).map((o) => o.fill)).toEqual([
      'blur',
      'mean',
    ]);
    expect(await api.images.occlusions.query({ id: images[4]!.id })).toEqual([]);
    expect(readdirSync(engine.services.home.temporary)).toEqual([]);
  });

  it('can be cancelled, and leaves no files then either', async () => {
    const image = images[5]!;
    const stages: string[] = [];
    const stop = engine.services.events.subscribe((event: StudioEvent) => {
      if (event.type !== 'job' || event.job.kind !== 'occlusion' || event.job.status !== 'running') return;
      stages.push(event.job.message);
      if (event.job.message !== '') void engine.services.queue.act(event.job.id, 'cancel').catch(() => null);
    });
    const { job } = await ask(image);
    expect((await engine.services.queue.wait(job)).status).toBe('cancelled');
    stop();
    expect(stages).toContain('covering the picture');
    expect(readdirSync(engine.services.home.temporary)).toEqual([]);
    expect((await api.images.occlusions.query({ id: image.id }))[0]).toMatchObject({
      status: 'cancelled',
      map: null,
    });
    expect((await ask(image)).job).not.toBe(job); // asked again, it starts again
  });

  it('is refused where it can not be made, with the reason', async () => {
    const csv = path.join(root, 'scores.csv');
    writeFileSync(csv, `image,prediction\n${images.map((i) => `${i.name},3`).join('\n')}\n`);
    const { run: imported } = await api.runs.importPredictions.mutate({
      dataset: images[0]!.dataset.id,
      name: 'elsewhere',
      path: csv,
    });
    const id = images[0]!.id;
    expect(
      await failure(api.images.occlude.mutate({ id, run: imported, cells: 4, fill: 'mean' })),
    ).toMatchObject({ code: 'bad-input', message: expect.stringContaining('no trained heads') as string });
    rmSync(path.join(folder, 'images', images[9]!.name));
    const { job } = await ask(images[9]!);
    const ended = await engine.services.queue.wait(job);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'not-found' } });
  });

  it('what a crashed engine left was taken away at the start', () => {
    expect(existsSync(path.join(home, 'temporary', 'occlusion-old'))).toBe(false);
  });
});

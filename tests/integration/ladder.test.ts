/** A ladder of a folder's pictures from end to end: made, imported unrated, refused for training, scored by runs. */
import { mkdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScanReport } from '../../src-shared/dataset.ts';
import type { LadderCheck, LadderResult } from '../../src-shared/ladders.ts';
import { deadLeavesScene } from '../../src-main/distortions/dead-leaves.ts';
import { failure } from '../fixtures/engine-client.ts';
import { startStudio, studio, temporaryFolders } from '../fixtures/studio-process.ts';
import { importRated, resultOf, useEngine } from '../fixtures/use-engine.ts';

const t = useEngine();
const temporary = temporaryFolders();
const pictures = path.join(t.root, 'pristine');
const TYPES = ['01', '11', '25'];

async function writeScenes(folder: string, width: number, height: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of ['p', 'q']) {
    const { data } = deadLeavesScene(name, width, height);
    await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path.join(folder, `${name}.png`));
  }
}

beforeAll(() => writeScenes(pictures, 96, 80));

describe('a ladder', { timeout: 120_000 }, () => {
  let ladder: LadderResult;
  let rated: number;
  let run: number;

  it('is made from a folder of the browser and is a dataset without scores', async () => {
    const { folders } = await t.api.folders.start.query();
    const id = folders.find(({ name }) => name === 'pristine')!.id;
    const { job } = await t.api.ladders.make.mutate({ folder: { id }, types: TYPES });
    ladder = (await resultOf(t.engine, job)) as LadderResult;
    expect(ladder).toMatchObject({ name: 'pristine ladder', references: 2, images: 30 });
    const dataset = await t.api.datasets.get.query({ id: ladder.dataset });
    expect(dataset).toMatchObject({
      format: 'biqa-ladder',
      images: 32,
      rated: false,
      labels: [],
      observed: null,
      groups: { kind: 'reference image', count: 2 },
      levels: [0, 1, 2, 3, 4, 5],
    });
    expect(dataset.distortions.map(({ type, images }) => [type, images])).toEqual(
      TYPES.map((type) => [type, 10]),
    );
    const page = await t.api.images.page.query({ dataset: ladder.dataset, distortion: ['11'], level: [5] });
    expect(page.items.map(({ name, group, mos }) => [name, group, mos])).toEqual([
      ['p_11_05.png', 'p.png', null],
      ['q_11_05.png', 'q.png', null],
    ]);
    const image = await t.api.images.get.query({ id: page.items[0]!.id });
    expect(image).toMatchObject({ labels: [], reference: 'p.png', level: 5, predictions: [] });
  });

  it('is read back by an import of its folder', async () => {
    const { job } = await t.local.datasets.scan.mutate({ folder: { path: ladder.folder } });
    const report = (await resultOf(t.engine, job)) as ScanReport;
    expect(report).toMatchObject({
      format: 'biqa-ladder',
      rated: false,
      observed: null,
      found: 32,
      noScore: 0,
    });
    expect(report.updates?.id).toBe(ladder.dataset);
    expect(report.notes.join(' ')).toContain('No scores');
  });

  it('made again does nothing twice, and refuses paths from a page', async () => {
    const before = await readdir(ladder.folder);
    const input = { folder: { path: pictures }, types: TYPES, out: ladder.folder };
    expect(await failure(t.api.ladders.make.mutate(input))).toMatchObject({ code: 'forbidden' });
    const { job } = await t.local.ladders.make.mutate(input);
    expect(await resultOf(t.engine, job)).toMatchObject({ dataset: ladder.dataset, images: 30 });
    expect(await readdir(ladder.folder)).toEqual(before);
  });

  it('cannot be trained on, nor take predictions', async () => {
    const spec = { train: ladder.name, streams: ['nss'] };
    expect(await failure(t.api.experiments.check.query({ spec }))).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('no scores') as string,
    });
    const file = path.join(ladder.folder, 'labels.csv');
    const predictions = { dataset: ladder.dataset, name: 'x', path: file };
    expect((await failure(t.local.runs.importPredictions.mutate(predictions))).message).toContain(
      'no scores',
    );
  });

  it('is scored by a run of another dataset, extracting what is missing, and stores no score', async () => {
    rated = await importRated(t, 'rated');
    const extract = await t.api.streams.extract.mutate({ dataset: rated, streams: ['nss'] });
    await resultOf(t.engine, extract.job);
    const spec = {
      name: 'small',
      train: 'rated',
      streams: ['nss'],
      protocol: { kind: 'cv' as const, folds: 3, unit: 'image' as const },
      training: { epochs: 60, batch: 8 },
    };
    const created = await t.api.experiments.create.mutate({ spec });
    await resultOf(t.engine, created.job);
    run = created.runs[0]!;
    const { job } = await t.api.ladders.check.mutate({ run, dataset: ladder.dataset });
    const check = (await resultOf(t.engine, job)) as LadderCheck;
    expect(check).toMatchObject({ source: 'heads', images: 32, scale: { min: 1, max: 5 } });
    expect(check.pristine?.n).toBe(2);
    expect(check.types.map(({ type, worsens, ladders }) => [type, worsens, ladders])).toEqual([
      ['01', true, 2],
      ['11', true, 2],
      ['25', false, 2],
    ]);
    expect(check.overall).toMatchObject({ ladders: 4, pairs: 16 });
    // The same pictures through `predict`, which decodes them itself.
    const files = ['p_11_01.png', 'q_11_01.png'].map((name) => path.join(ladder.folder, name));
    const predict = await t.local.runs.predict.mutate({ run, paths: files });
    const { predictions } = (await resultOf(t.engine, predict.job)) as {
      predictions: { prediction: number }[];
    };
    const mean = (predictions[0]!.prediction + predictions[1]!.prediction) / 2;
    expect(check.types[1]!.levels[0]!.mean).toBeCloseTo(mean, 9);
    expect((await t.api.runs.predictions.query({ run })).image).toHaveLength(30);
  });

  it("on the run's own dataset its out-of-fold predictions are followed", async () => {
    const { job } = await t.api.ladders.check.mutate({ run, dataset: rated });
    const check = (await resultOf(t.engine, job)) as LadderCheck;
    expect(check).toMatchObject({ source: 'out-of-fold', images: 30, pristine: null });
    const stored = t.engine.services.reader.runs.predictions(run).filter(({ level }) => level === 2);
    const mean = stored.reduce((sum, { prediction }) => sum + prediction, 0) / stored.length;
    expect(check.types[0]!.levels[1]!.mean).toBeCloseTo(mean, 12);
  });
});

it('killed while it is made, a ladder goes on with the next engine', { timeout: 180_000 }, async () => {
  const from = path.join(temporary('big'), 'big');
  await writeScenes(from, 480, 360);
  const home = temporary('killed');
  const out = path.join(home, 'out');
  const args = ['ladder', from, '--out', out, '--types', '9,15', '--json'];
  const making = startStudio(args, { home, group: true });
  await expect
    .poll(async () => (await readdir(out).catch(() => [])).length, { timeout: 60_000 })
    .toBeGreaterThan(6);
  process.kill(-making.child.pid!, 'SIGKILL');
  await making.ended;
  const left = (await readdir(out)).filter((name) => name.endsWith('.png'));
  expect(left.length).toBeLessThan(22);
  const stamps = await Promise.all(left.map((name) => readFile(path.join(out, name))));
  const again = await studio(args, { home });
  expect(again.code).toBe(0);
  expect(again.json<LadderResult>()).toMatchObject({ references: 2, images: 20 });
  for (const [i, name] of left.entries()) expect(await readFile(path.join(out, name))).toEqual(stamps[i]);
});

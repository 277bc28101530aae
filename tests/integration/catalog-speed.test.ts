/** The API's thread must stay free: with 10,000 images and predictions every statement takes under 20 ms. */
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import path from 'node:path';
import { runDetail } from '../../src-main/api/run-view.ts';
import { openCatalogReader, type CatalogReader } from '../../src-main/catalog/reader.ts';
import { startCatalogWriter } from '../../src-main/catalog/writer.ts';
import { contentOf, datasetRow, imageRow, METRICS, NSS_KEY, runRow } from '../fixtures/catalog-rows.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const N = 10_000;
const SLOW_STATEMENT_MS = 20;
let reader: CatalogReader;
let close: () => Promise<void>;
let dataset: number;
let run: number;
let middle: number;

beforeAll(async () => {
  const file = path.join(temporary('speed'), 'catalog.sqlite');
  const started = await startCatalogWriter(file, path.dirname(file));
  const images = Array.from({ length: N }, (_, i) =>
    imageRow(`I${i % 81}_${i}.png`, {
      labels: [{ name: 'mos', mos: 1 + ((i * 7919) % 4000) / 1000, std: 0.5, votes: 30 }],
      group: `I${i % 81}`,
      distortion: String(1 + (i % 25)).padStart(2, '0'),
      level: 1 + (i % 5),
      split: i % 10 === 0 ? 'test' : 'training',
      original: { dist_img: `I${i}.png`, ref_img: `I${i % 81}.png`, dmos: '3.21', var: '0.72' },
    }),
  );
  dataset = await started.writer.saveDataset(datasetRow('kadid', images), null);
  const vector = Float32Array.from({ length: 138 }, (_, d) => d);
  await started.writer.saveFeatures(
    NSS_KEY,
    images.map((i) => ({ content: contentOf(i.name), vector })),
    [],
  );
  await started.writer.activateStream(dataset, NSS_KEY);
  reader = openCatalogReader(file);
  const rows = reader.population.rows(dataset, 'mos', [NSS_KEY]);
  middle = rows[N / 2]!.id;
  const predictions = rows.map((r, i) => ({
    image: r.id,
    mos: r.mos,
    prediction: r.mos + Math.sin(i),
    std: null,
    gates: {},
  }));
  run = await started.writer.importRun(
    runRow(dataset, { population: { n: N, hash: 'p' } }),
    predictions,
    METRICS,
  );
  close = async () => {
    reader.close();
    await started.close();
  };
});
afterAll(() => close());

/** How much slower a shared machine may be: only a slip by an order of magnitude fails. */
const BUSY_MACHINE = 10;

/** The quickest of several calls in ms: the least that other programs on the machine can spoil. */
function quickest(call: () => unknown): number {
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    call();
    return performance.now() - started;
  });
  return Math.min(...times);
}

describe(`${N} images, features and predictions`, () => {
  const page = (query: object) => () => reader.images.page({ dataset, ...query });
  it.each<[string, () => unknown]>([
    ['datasets.get: summary', () => reader.datasets.get(dataset)],
    ['datasets.get: distortions', () => reader.datasets.distortions(dataset)],
    ['datasets.get: levels', () => reader.datasets.levels(dataset)],
    ['datasets.get: observed range', () => reader.datasets.observed(dataset)],
    ['datasets.get: histogram', () => reader.datasets.histogram(dataset)],
    ['datasets.deletionImpact', () => reader.datasets.deletionImpact(dataset)],
    ['streams.matrix: counts of all streams', () => reader.features.progress(dataset)],
    ['images.get: counts of a stream', () => reader.features.counts(dataset, NSS_KEY)],
    ['streams.extract: what is pending', () => reader.features.pending(dataset, NSS_KEY)],
    ['images.page in label order, far down', page({ offset: 9000 })],
    ['images.page by name', page({ sort: 'name', offset: 5000 })],
    ['images.page by MOS, descending', page({ sort: 'mos', descending: true, offset: 5000 })],
    ['images.page by standard deviation', page({ sort: 'std', offset: 5000 })],
    ['images.page by level', page({ sort: 'level', offset: 5000 })],
    ['images.page of two distortions and a level', page({ distortion: ['01', '02'], level: [1] })],
    ['images.page with a text in the name', page({ text: '_77' })],
    ['images.page of a range of MOS', page({ mos: [2, 3], sort: 'mos' })],
    [
      'images.page by residual',
      () => reader.images.page({ dataset, run, sort: 'residual', descending: true }),
    ],
    ['images.get: predictions', () => reader.images.predictions(middle)],
    ['images.neighbours', () => reader.images.neighbours(middle)],
    ['runs.predictions', () => reader.runs.predictions(run)],
    ['runs.worst', () => reader.runs.worst(run, 24)],
    ['experiments.check: population', () => reader.population.rows(dataset, 'mos', [NSS_KEY])],
  ])('%s', (_what, call) => {
    expect(quickest(call)).toBeLessThan(BUSY_MACHINE * SLOW_STATEMENT_MS);
  });

  it('runs.get, with its figures per distortion over all predictions, in a few statements of that size', () => {
    expect(quickest(() => runDetail(reader, run))).toBeLessThan(5 * BUSY_MACHINE * SLOW_STATEMENT_MS);
  });
});

/** A catalog in which every page has something to show, and the addresses of all pages of it. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { expect, type Page } from '@playwright/test';
import { connect } from '../../src-main/cli/client.ts';
import type { ScanReport } from '../../src-shared/dataset.ts';
import type { DemoResult } from '../../src-shared/jobs.ts';
import { writeSmallEncoder } from '../fixtures/onnx-encoder.ts';

/** What the tour visits: ids of rows and of finished jobs. */
export type TourCatalog = {
  dataset: number;
  name: string;
  images: number[];
  /** NSS alone; NSS and an encoder; the same gated by NSS. */
  runs: [number, number, number];
  score: number;
  comparison: number;
  /** A ladder check; null where the dataset has no levels. */
  ladder: number | null;
};

/** One address of the tour. */
export type Stop = { name: string; hash: string; ready: (page: Page) => Promise<void> };

/** Pictures of the two versions that are compared. */
const VERSIONS = 12;
const ENCODER = 'small-encoder';

/** Makes the demo, or imports `folder`, in the home of a served engine, and everything that the tour looks at. */
export async function furnish(home: string, scratch: string, folder: string | null): Promise<TourCatalog> {
  const client = await connect(home);
  const { api } = client;
  const finish = async <T>({ job }: { job: number }): Promise<T> =>
    (await client.finish(job, () => undefined)).result as T;
  try {
    const id =
      folder === null
        ? (await finish<DemoResult>(await api.demo.start.mutate())).dataset
        : await importFolder(
            api,
            await finish<ScanReport>(await api.datasets.scan.mutate({ folder: { path: folder } })),
          );
    const dataset = await api.datasets.get.query({ id });
    const encoder = writeSmallEncoder(scratch, { id: ENCODER });
    await api.encoders.add.mutate({ manifest: encoder.manifest, model: encoder.model });
    for (const stream of ['nss', ENCODER])
      await finish(await api.streams.extract.mutate({ dataset: id, streams: [stream] }));
    const experiment = await api.experiments.create.mutate({ spec: experimentOn(dataset.name) });
    await finish(experiment);
    const [alone, both, gated] = experiment.runs as [number, number, number];

    const a = path.join(scratch, 'before');
    const b = path.join(scratch, 'after');
    const { items } = await api.images.page.query({ dataset: id, limit: 200 });
    await makeVersions(
      a,
      b,
      items.map(({ name }) => name),
      dataset.folder,
    );
    const score = await api.scores.scoreFolder.mutate({ run: alone, folder: { path: a } });
    const comparison = await api.scores.compareFolders.mutate({
      run: alone,
      a: { path: a },
      b: { path: b },
      threshold: { on: 'mean', threshold: 0.02 },
    });
    const ladder =
      dataset.levels.length > 1 ? await api.ladders.check.mutate({ run: gated, dataset: id }) : null;
    for (const job of [score, comparison, ladder]) if (job !== null) await finish(job);
    return {
      dataset: id,
      name: dataset.name,
      images: items.map((item) => item.id),
      runs: [alone, both, gated],
      score: score.job,
      comparison: comparison.job,
      ladder: ladder?.job ?? null,
    };
  } finally {
    await client.close();
  }
}

type Api = Awaited<ReturnType<typeof connect>>['api'];

async function importFolder(api: Api, report: ScanReport): Promise<number> {
  return (await api.datasets.import.mutate({ scan: report.scan })).id;
}

/** An ablation of three runs whose epochs are too few for good scores and enough for gates. */
function experimentOn(dataset: string): object {
  const streams = ['nss', ENCODER];
  return {
    name: 'one stream or two',
    train: dataset,
    streams: ['nss'],
    fusion: { pca: 16, hidden: [32] },
    protocol: { kind: 'cv', folds: 5, seed: 42, unit: 'group' },
    training: { epochs: 8 },
    ablation: [
      { label: 'NSS alone', streams: ['nss'] },
      { label: 'NSS and an encoder, static', streams },
      { label: 'NSS and an encoder, gated by NSS', streams, fusion: { gate: 'nss' } },
    ],
  };
}

/** Some pictures of the dataset, and the same as bad JPEGs. */
async function makeVersions(a: string, b: string, names: readonly string[], folder: string): Promise<void> {
  for (const version of [a, b]) mkdirSync(version);
  const step = Math.ceil(names.length / VERSIONS);
  for (const name of names.filter((_, i) => i % step === 0)) {
    const file = [path.join(folder, 'images', name), path.join(folder, name)].find((place) =>
      existsSync(place),
    )!;
    const { name: stem } = path.parse(name);
    await sharp(file)
      .png()
      .toFile(path.join(a, `${stem}.png`));
    await sharp(file)
      .jpeg({ quality: 8 })
      .toFile(path.join(b, `${stem}.jpg`));
  }
}

/** The addresses of every page. */
export function stopsOf(catalog: TourCatalog): Stop[] {
  const { dataset, images, runs, score, comparison, ladder } = catalog;
  const [alone, both, gated] = runs;
  const compared = `#/compare?runs=${runs.join()}`;
  const image = `#/image/${images[7]!}?run=${gated}&from=/datasets/${dataset}&index=7`;
  const region =
    (name: string | RegExp, text: string | RegExp = '') =>
    async (page: Page) =>
      expect(page.getByRole('region', { name }).first()).toContainText(text);
  const heading = (name: string | RegExp) => async (page: Page) =>
    expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const cells = async (page: Page): Promise<void> =>
    expect(page.getByRole('gridcell').getByRole('link').first()).toBeVisible();
  return [
    { name: 'add', hash: '#/add', ready: heading('Add a dataset') },
    { name: 'datasets', hash: '#/datasets', ready: heading('Datasets') },
    { name: 'dataset', hash: `#/datasets/${dataset}`, ready: cells },
    {
      name: 'dataset-filtered',
      hash: `#/datasets/${dataset}?sort=residual&desc=1&run=${gated}&text=1`,
      ready: cells,
    },
    { name: 'dataset-none', hash: `#/datasets/${dataset}?text=nothing-like-it`, ready: heading(/./) },
    { name: 'streams', hash: '#/streams', ready: region('Datasets by streams', 'complete') },
    { name: 'encoders', hash: '#/encoders', ready: region('All encoders', 'siglip-so400m-384') },
    {
      name: 'encoder',
      hash: '#/encoders?encoder=siglip2-base-224',
      ready: region('All encoders', 'Stream version'),
    },
    { name: 'experiments', hash: `#/experiments?dataset=${dataset}`, ready: heading(/./) },
    { name: 'runs', hash: '#/runs', ready: region('All runs', 'gated by NSS') },
    { name: 'run', hash: `#/run/${alone}`, ready: region('Worst images') },
    { name: 'run-gated', hash: `#/run/${gated}`, ready: region('Gates image by image', 'images') },
    { name: 'compare-empty', hash: '#/compare', ready: region('Models against datasets') },
    { name: 'compare', hash: compared, ready: region('Side by side', /resamples of \d+ groups/) },
    { name: 'score-form', hash: '#/score', ready: heading('Score a folder') },
    { name: 'score', hash: `#/score?run=${alone}&job=${score}`, ready: region('Headline numbers') },
    { name: 'compare-folders-form', hash: '#/compare-folders', ready: heading('Compare two folders') },
    { name: 'compare-folders', hash: `#/compare-folders?job=${comparison}`, ready: region('B against A') },
    { name: 'inspector', hash: image, ready: region('NSS features', 'beyond') },
    {
      name: 'inspector-map',
      hash: `${image}&map=mean.intensity.entropy`,
      ready: region('Map over the picture'),
    },
    { name: 'inspector-pair', hash: `${image}&with=${images[8]!}`, ready: region(/^Scores of /) },
    {
      name: 'inspector-difference',
      hash: `${image}&with=${images[8]!}&view=difference`,
      ready: region('Two pictures', 'dB'),
    },
    {
      name: 'inspector-flicker',
      hash: `${image}&with=${images[8]!}&view=flicker`,
      ready: region('Two pictures', 'shows'),
    },
    ...(ladder === null
      ? []
      : [
          { name: 'ladder-form', hash: `#/ladder/${dataset}?run=${both}`, ready: heading(/^Ladder/) },
          {
            name: 'ladder',
            hash: `#/ladder/${dataset}?run=${gated}&job=${ladder}`,
            ready: region('Monotonicity per distortion'),
          },
        ]),
    { name: 'unknown', hash: '#/nowhere', ready: heading('There is no such page') },
  ];
}

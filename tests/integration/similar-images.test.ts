// Fingerprints, near-duplicates across a split and nearest neighbours, through the API of an engine.
import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_UNCONFIRMED_DISTANCE } from '../../src-main/experiments/confirm-duplicates.ts';
import { FINGERPRINT_VERSION } from '../../src-main/streams/fingerprints/phash.ts';
import { apiOf } from '../fixtures/engine-client.ts';
import { natural, writeRated } from '../fixtures/rated-folder.ts';
import { resultOf, useEngine } from '../fixtures/use-engine.ts';
import type { ScanReport } from '../../src-shared/dataset.ts';

const context = useEngine();
const PICTURES = 24;
/** Pictures 0, 1, 2 once more: recompressed, made smaller, and byte for byte. */
const COPIES = ['copy-jpeg.jpg', 'copy-small.png', 'copy-same.png'];
let dataset: number;
let nameOf: Map<number, string>;

beforeAll(async () => {
  const { root, engine, local } = context;
  const folder = path.join(root, 'photos');
  await writeRated(folder, PICTURES);
  const picture = (i: number) => path.join(folder, natural(i));
  await sharp(picture(0)).jpeg({ quality: 60 }).toFile(path.join(folder, COPIES[0]!));
  await sharp(picture(1)).resize(120).png().toFile(path.join(folder, COPIES[1]!));
  await copyFile(picture(2), path.join(folder, COPIES[2]!));
  const labels = path.join(folder, 'labels.csv');
  const rows = COPIES.map((name, i) => `${name},${2 + i}`).join('\n');
  await writeFile(labels, `${await readFile(labels, 'utf8')}${rows}\n`);
  const { job } = await local.datasets.scan.mutate({
    folder: { path: folder },
    options: { scale: [1, 5], better: 'higher', name: 'photos' },
  });
  const { scan } = (await resultOf(engine, job)) as ScanReport;
  dataset = (await local.datasets.import.mutate({ scan })).id;
  const { items } = await local.images.page.query({ dataset, limit: 120 });
  nameOf = new Map(items.map((item) => [item.id, item.name]));
}, 60_000);

function idOf(name: string): number {
  return [...nameOf].find(([, known]) => known === name)![0];
}

describe('before an extraction', () => {
  it('there are no neighbours, and the error says how to get them', async () => {
    const call = context.api.images.similar.query({ id: idOf(natural(0)), stream: 'nss' });
    await expect(call).rejects.toMatchObject({
      data: { studio: { code: 'not-found', hint: expect.stringContaining('studio extract') as string } },
    });
  });
});

describe('after it', () => {
  beforeAll(async () => {
    const { job } = await context.local.streams.extract.mutate({ dataset, streams: ['nss'] });
    await resultOf(context.engine, job);
  }, 60_000);

  it('every readable content has a fingerprint, and nothing is taken twice', async () => {
    const { reader } = context.engine.services;
    expect(reader.fingerprints.pending(dataset, FINGERPRINT_VERSION)).toEqual([]);
    const contents = [...nameOf.keys()].map((id) => reader.images.get(id).content);
    for (const content of contents)
      expect(reader.fingerprints.get(content, FINGERPRINT_VERSION)).toHaveLength(8);
    const { job } = await context.local.streams.extract.mutate({ dataset, streams: ['nss'] });
    await resultOf(context.engine, job);
    const again = await context.local.jobs.get.query({ id: job });
    expect([again.done, again.total]).toEqual([nameOf.size, nameOf.size]);
  });

  it('neighbours are those of the definition: cosine of z-scored features', async () => {
    const { reader } = context.engine.services;
    const ids = [...nameOf.keys()];
    const key = reader.features.activeStreams(dataset).find((s) => s.stream === 'nss')!;
    const raw = ids.map((id) => reader.features.vector(reader.images.get(id).content, key)!);
    const z = raw.map(() => new Float64Array(138));
    for (let d = 0; d < 138; d++) {
      const mean = raw.reduce((sum, v) => sum + v[d]!, 0) / raw.length;
      const std = Math.sqrt(raw.reduce((sum, v) => sum + (v[d]! - mean) ** 2, 0) / raw.length);
      raw.forEach((v, i) => (z[i]![d] = std > 0 ? (v[d]! - mean) / std : 0));
    }
    const own = ids.indexOf(idOf(natural(3)));
    const expected = ids
      .flatMap((id, i) => {
        if (i === own) return [];
        const dot = z[i]!.reduce((sum, v, d) => sum + v * z[own]![d]!, 0);
        return [{ id, cosine: dot / (Math.hypot(...z[i]!) * Math.hypot(...z[own]!)) }];
      })
      .sort((a, b) => b.cosine - a.cosine);
    const answer = await context.api.images.similar.query({ id: ids[own]!, stream: 'nss', limit: 100 });
    expect(answer).toMatchObject({ zScored: true, searched: ids.length, version: key.version });
    expect(answer.neighbours).toHaveLength(ids.length - 1);
    answer.neighbours.forEach((near, i) => {
      expect(near.cosine).toBeCloseTo(expected[i]!.cosine, 4);
      expect(near.dataset.name).toBe('photos');
    });
    expect(answer.neighbours[0]!.image).toBe(expected[0]!.id);
  });

  it('the copy of a file is its nearest neighbour, with its own MOS', async () => {
    const { neighbours } = await context.api.images.similar.query({
      id: idOf(COPIES[2]!),
      stream: 'nss',
      limit: 1,
    });
    expect(neighbours).toMatchObject([{ name: natural(2), mos: expect.any(Number) as number }]);
    expect(neighbours[0]!.cosine).toBeCloseTo(1, 5);
  });

  it('resident features are counted, and go where the limit becomes smaller', async () => {
    const { api, engine } = context;
    const used = async () => (await api.settings.limits.query()).neighbours.usedBytes;
    expect(await used()).toBeGreaterThan(4 * 138 * nameOf.size);
    await engine.services.neighbours.setBudget(1);
    expect(await used()).toBe(0);
    const query = { id: idOf(natural(0)), stream: 'nss' };
    await expect(api.images.similar.query(query)).rejects.toThrow(/need 1 MB of memory; the limit is 0 MB/);
    await api.settings.setLimit.mutate({ name: 'neighbours', megabytes: null });
    expect((await api.images.similar.query(query)).searched).toBe(nameOf.size);
  });

  it('features that were added since count, in all datasets too', { timeout: 60_000 }, async () => {
    const { engine, local, api, folder } = context;
    const query = { id: idOf(natural(0)), stream: 'nss', scope: 'all' as const };
    expect((await api.images.similar.query(query)).searched).toBe(nameOf.size);
    const { job } = await local.datasets.scan.mutate({
      folder: { path: folder },
      options: { scale: [1, 5], better: 'higher', name: 'second' },
    });
    const { scan } = (await resultOf(engine, job)) as ScanReport;
    const second = await local.datasets.import.mutate({ scan });
    const extraction = await local.streams.extract.mutate({ dataset: second.id, streams: ['nss'] });
    await resultOf(engine, extraction.job);
    const answer = await apiOf(engine, 'window').images.similar.query({ ...query, limit: 100 });
    expect(answer.searched).toBe(nameOf.size + second.images);
    expect(new Set(answer.neighbours.map((n) => n.dataset.name))).toEqual(new Set(['photos', 'second']));
    const within = await api.images.similar.query({ ...query, scope: 'dataset' });
    expect(within.searched).toBe(nameOf.size);
  });

  it('a run says which test images have a near-duplicate in training', { timeout: 120_000 }, async () => {
    const { engine, local, api } = context;
    const created = await local.experiments.create.mutate({
      spec: {
        name: 'copies',
        train: 'photos',
        streams: ['nss'],
        training: { epochs: 2 },
        // As many folds as images would be slow: with 9, pairs may share a fold, and are then not across the split.
        protocol: { kind: 'cv', folds: 9, seed: 1, unit: 'image' },
      },
    });
    await resultOf(engine, created.job);
    const run = created.runs[0]!;
    const { items } = await api.images.page.query({ dataset, limit: 120 });
    const fold = new Map(engine.services.reader.runs.predictions(run).map((p) => [p.image, p.fold]));
    const pairs = COPIES.map((copy, i) => [idOf(copy), idOf(natural(i))] as const);
    const across = pairs.filter(([a, b]) => fold.get(a) !== fold.get(b)).flatMap(([a, b]) => [a, b]);
    expect(across.length).toBeGreaterThan(0);
    const found = (await api.runs.nearDuplicates.query({ run }))!;
    expect(found).toMatchObject({ total: items.length, checked: items.length, stream: null });
    expect(found.pairs.map((p) => p.test.image).toSorted((a, b) => a - b)).toEqual(
      across.toSorted((a, b) => a - b),
    );
    for (const pair of found.pairs) {
      expect(pair.part).toBe(fold.get(pair.test.image));
      expect(
        pairs.some(([a, b]) => [a, b].includes(pair.test.image) && [a, b].includes(pair.train.image)),
      ).toBe(true);
      expect(pair.distance).toBeLessThanOrEqual(MAX_UNCONFIRMED_DISTANCE);
      expect(pair.inTraining).toBe(1);
    }
    const { warnings } = await api.runs.get.query({ run });
    const warning = warnings.find((w) => w.code === 'near-duplicates');
    expect(warning?.message).toContain(
      `${across.length} of ${items.length} test images have a near-duplicate`,
    );
    expect(warning?.message).toMatch(/copy-/);
    await local.runs.delete.mutate({ run });
    expect(engine.services.reader.nearDuplicates.ofRun(run, 10)).toBeNull();
  });
});

it('writes as many pictures as it says', async () => {
  const files = await readdir(path.join(context.root, 'photos'));
  expect(files.filter((name) => name !== 'labels.csv')).toHaveLength(PICTURES + COPIES.length);
});

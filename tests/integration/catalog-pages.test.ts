import { beforeEach, describe, expect, it } from 'vitest';
import type { CatalogWriter } from '../../src-main/catalog/commands.ts';
import type { CatalogReader } from '../../src-main/catalog/reader.ts';
import { contentOf, datasetRow, imageRow, METRICS, NSS_KEY, runRow } from '../fixtures/catalog-rows.ts';
import { useCatalog } from '../fixtures/use-catalog.ts';

const t = useCatalog();
let writer: CatalogWriter;
let reader: CatalogReader;
beforeEach(() => void ({ writer, reader } = t));

const vector = (...values: number[]) => Float32Array.from(values);
const names = (query: Parameters<CatalogReader['images']['page']>[0]) =>
  reader.images.page(query).items.map((i) => i.name);

describe('pages of images', () => {
  const nasty = [
    `Robert'); DROP TABLE images;--.png`,
    '100%.png',
    '100_.png',
    'back\\slash.png',
    'quote"d.png',
    'ünï 图片 😀.png',
    'line\nbreak.png',
    'plain.png',
  ];
  const seed = () =>
    writer.saveDataset(
      datasetRow(
        `it's "a" set; --`,
        nasty.map((name, i) =>
          imageRow(name, {
            labels: i % 3 === 0 ? [] : [{ name: 'mos', mos: i, std: i % 2 ? i / 10 : null, votes: null }],
            distortion: i < 4 ? `t'${i % 2}` : null,
            level: i < 4 ? i : null,
            group: i % 2 ? `g"${i}` : null,
          }),
        ),
      ),
      null,
    );

  it('finds any name by any part of it, literally', async () => {
    const dataset = await seed();
    for (const name of nasty) expect(names({ dataset, text: name })).toEqual([name]);
    expect(names({ dataset, text: '%' })).toEqual(['100%.png']);
    expect(names({ dataset, text: '_' })).toEqual(['100_.png']);
    expect(names({ dataset, text: '\\' })).toEqual(['back\\slash.png']);
    expect(names({ dataset, text: 'PLAIN' })).toEqual(['plain.png']);
    expect(names({ dataset, text: `' OR 1=1 --` })).toEqual([]);
    expect(reader.images.page({ dataset, text: '' }).total).toBe(nasty.length);
  });

  it('filters by values that look like SQL', async () => {
    const dataset = await seed();
    expect(names({ dataset, distortion: [`t'0`] })).toEqual([nasty[0], nasty[2]]);
    expect(names({ dataset, distortion: [`t'0`, `t'1`], level: [1, 2] })).toEqual([nasty[1], nasty[2]]);
    expect(names({ dataset, group: `g"3` })).toEqual([nasty[3]]);
    expect(names({ dataset, group: `g"3' OR '1'='1` })).toEqual([]);
    expect(names({ dataset, mos: [4, 5] })).toEqual([nasty[4], nasty[5]]);
    expect(reader.datasets.named(`it's "a" set; --`).id).toBe(dataset);
  });

  it('puts unknown values last in both directions, ties in label order', async () => {
    const dataset = await seed();
    const rated = [1, 2, 4, 5, 7].map((i) => nasty[i]);
    const unrated = [0, 3, 6].map((i) => nasty[i]);
    expect(names({ dataset, sort: 'mos' })).toEqual([...rated, ...unrated]);
    expect(names({ dataset, sort: 'mos', descending: true })).toEqual([...rated.toReversed(), ...unrated]);
    for (const sort of ['std', 'distortion', 'level', 'group'] as const) {
      for (const descending of [false, true]) {
        const values = reader.images.page({ dataset, sort, descending }).items.map((i) => i[sort]);
        const known = values.filter((v) => v !== null);
        expect(values.slice(0, known.length)).toEqual(known);
        expect(known).toEqual(
          [...known].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0) * (descending ? -1 : 1)),
        );
      }
    }
  });

  it('pages through everything exactly once, in every order', async () => {
    const images = Array.from({ length: 57 }, (_, i) =>
      imageRow(`${i}.png`, { labels: [{ name: 'mos', mos: i % 4, std: null, votes: null }], level: i % 3 }),
    );
    const dataset = await writer.saveDataset(datasetRow('pages', images), null);
    for (const sort of ['position', 'name', 'mos', 'std', 'level', 'group'] as const) {
      const seen: string[] = [];
      for (let offset = 0; offset < 60; offset += 10) {
        const page = reader.images.page({ dataset, sort, offset, limit: 10 });
        expect(page.total).toBe(57);
        seen.push(...page.items.map((i) => i.name));
      }
      expect(new Set(seen).size).toBe(57);
      expect(seen.length).toBe(57);
    }
  });

  it('sorts by the size of the residual of a run, images without one last', async () => {
    const dataset = await writer.saveDataset(
      datasetRow(
        'r',
        ['a', 'b', 'c', 'd'].map((n) => imageRow(n)),
      ),
      null,
    );
    const ids = reader.images.page({ dataset }).items.map((i) => i.id);
    const residuals = [0.1, -2, 1];
    const predictions = residuals.map((r, i) => ({
      image: ids[i]!,
      mos: 3,
      prediction: 3 + r,
      std: null,
      gates: {},
    }));
    const run = await writer.importRun(runRow(dataset), predictions, METRICS);
    expect(names({ dataset, run, sort: 'residual', descending: true })).toEqual(['b', 'c', 'a', 'd']);
    expect(names({ dataset, run, sort: 'residual' })).toEqual(['a', 'c', 'b', 'd']);
    expect(reader.images.page({ dataset, run }).items.map((i) => i.residual?.toFixed(3) ?? null)).toEqual([
      '0.100',
      '-2.000',
      '1.000',
      null,
    ]);
    expect(() => reader.images.page({ dataset, sort: 'residual' })).toThrow(/needs a run/);
    expect(reader.runs.worst(run, 2).map((w) => w.name)).toEqual(['b', 'c']);
  });
});

describe('an image with several labels', () => {
  it("has the dataset's own first, whatever their names", async () => {
    const label = (name: string, mos: number) => ({ name, mos, std: null, votes: null });
    const row = imageRow('a.png', { labels: [label('zeal', 1), label('mos_quality', 4), label('align', 2)] });
    const dataset = await writer.saveDataset(
      datasetRow('d', [row], { label: 'mos_quality', labels: ['zeal', 'mos_quality', 'align'] }),
      null,
    );
    const [item] = reader.images.page({ dataset }).items;
    expect(item!.mos).toBe(4);
    expect(reader.images.labels(item!.id).map(({ name }) => name)).toEqual(['mos_quality', 'align', 'zeal']);
  });
});

describe('populations and features', () => {
  it('hold the images with a label and every stream, in label order', async () => {
    const unrated = imageRow('b.png', { labels: [] });
    const id = await writer.saveDataset(
      datasetRow('d', [imageRow('c.png'), unrated, imageRow('a.png'), imageRow('z.png')]),
      null,
    );
    const other = { stream: 'clip', version: 'v' };
    const save = (key: typeof other, ...of: string[]) =>
      writer.saveFeatures(
        key,
        of.map((n, i) => ({ content: contentOf(n), vector: vector(i, i + 0.5) })),
        [],
      );
    await save(NSS_KEY, 'a.png', 'b.png', 'c.png', 'z.png');
    await save(other, 'a.png', 'b.png', 'c.png');
    const rows = reader.population.rows(id, 'mos', [NSS_KEY, other]);
    expect(rows.map((r) => r.name)).toEqual(['c.png', 'a.png']);
    expect(reader.population.matrix(rows, other)).toEqual({ dimension: 2, data: vector(2, 2.5, 0, 0.5) });
    expect(reader.population.rows(id, 'no such label', [NSS_KEY])).toEqual([]);
    expect(reader.features.slice(id, NSS_KEY, 1, 3)).toEqual([
      { position: 1, vector: vector(1, 1.5) },
      { position: 2, vector: vector(0, 0.5) },
    ]);
  });
});

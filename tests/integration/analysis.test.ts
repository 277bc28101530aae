// The analyses through the API, on a real catalog: runs are stored as the queue stores them, their figures checked against evaluation/.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { srocc } from '../../src-main/evaluation/metrics.ts';
import { evaluatePredictions } from '../../src-main/experiments/evaluate-run.ts';
import { parseExperimentSpec } from '../../src-shared/experiment-spec.ts';
import type { Run } from '../../src-shared/runs.ts';
import { failure } from '../fixtures/engine-client.ts';
import { studio } from '../fixtures/studio-process.ts';
import { IMAGES, importRated, useEngine } from '../fixtures/use-engine.ts';

const t = useEngine();
let dataset: number;
let other: number;
let withNss: number;
let withoutNss: number;
let imported: number;

type Made = { streams: string[]; gate: string | null; noise: number; label: string; in?: number };

/** Stores a finished 2-fold run over the whole dataset: prediction = MOS + noise by a fixed pattern. */
async function storeRun(name: string, made: Made): Promise<number> {
  const { writer, reader } = t.engine.services;
  const spec = parseExperimentSpec({
    name,
    train: 'rated',
    streams: made.streams,
    fusion: { gate: made.gate },
  });
  const id = made.in ?? dataset;
  const rows = reader.population.rows(id, 'mos', []);
  const run = {
    label: made.label,
    kind: 'trained' as const,
    dataset: id,
    train: null,
    work: null,
    spec,
    targetLabel: 'mos',
    streams: made.streams.map((stream) => ({ stream, version: 'test/1', source: 'computed here' })),
    population: { n: rows.length, hash: `population ${id}` },
    folds: { unit: 'image' as const, hash: 'folds', count: 2 },
    parameters: 100,
    warnings: [],
  };
  const { runs } = await writer.createExperiment(spec, [run]);
  const predictions = rows.map((row, i) => ({
    image: row.id,
    mos: row.mos,
    prediction: row.mos + made.noise * Math.sin(i * 7.3),
    std: made.noise * Math.abs(Math.sin(i * 7.3)),
    gates:
      made.gate === null
        ? {}
        : Object.fromEntries(made.streams.map((s, k) => [s, 1 + 0.1 * k * (row.level ?? 0)])),
  }));
  const metrics = await evaluatePredictions(
    Float64Array.from(predictions, (p) => p.prediction),
    Float64Array.from(predictions, (p) => p.mos),
    null,
  );
  for (const fold of [0, 1])
    await writer.saveFold(runs[0]!, {
      fold,
      repeat: false,
      metrics: metrics.overall,
      curve: [],
      seconds: { prepare: 1, train: 2, predict: 3 },
      head: new Uint8Array(1),
      predictions: predictions.filter((_, i) => i % 2 === fold),
      warnings: [],
    });
  await writer.finishRun(runs[0]!, metrics, { prepare: 1, train: 2, predict: 3 });
  return runs[0]!;
}

beforeAll(async () => {
  dataset = await importRated(t, 'rated');
  other = await importRated(t, 'rated again');
  withNss = await storeRun('three', {
    streams: ['nss', 'siglip'],
    gate: 'siglip',
    noise: 0.5,
    label: 'both',
  });
  withoutNss = await storeRun('two', { streams: ['siglip'], gate: null, noise: 1.5, label: 'siglip only' });
  await storeRun('elsewhere', { streams: ['nss'], gate: null, noise: 1, label: 'elsewhere', in: other });
  const file = path.join(t.root, 'scores.csv');
  const lines = t.rows.slice(0, 12).map((row, i) => `${row.name},${i % 5}`);
  writeFileSync(file, ['image,prediction', ...lines, ''].join('\n'));
  imported = (await t.local.runs.importPredictions.mutate({ dataset, name: 'somebody', path: file })).run;
});

describe('paired comparison', () => {
  it('is over the same images, by group, and agrees with the runs’ own figures', async () => {
    const result = await t.api.analysis.paired.query({ run: withNss, baseline: withoutNss });
    expect(result).toMatchObject({
      images: { basis: 'same', n: IMAGES },
      unit: 'group',
      units: 6,
      resamples: 10_000,
    });
    const overall = async (run: number) => (await t.api.runs.get.query({ run })).metrics!.overall.srocc!;
    const difference = (await overall(withNss)) - (await overall(withoutNss));
    expect(result.srocc!.difference).toBeCloseTo(difference, 12);
    expect(result.srocc!.interval[0]).toBeLessThanOrEqual(difference);
    expect(result.srocc!.interval[1]).toBeGreaterThanOrEqual(difference);
    expect(await t.api.analysis.paired.query({ run: withNss, baseline: withoutNss })).toEqual(result);
  });

  it('takes the shared images of another population and says so', async () => {
    const { images } = await t.api.analysis.paired.query({ run: withNss, baseline: imported });
    expect(images).toMatchObject({ basis: 'shared', n: 12 });
    expect(images.note).toMatch(/12 images that both have predicted/);
  });

  it('says why not across datasets, and for runs that are not there or not done', async () => {
    const elsewhere = (await t.api.analysis.runs.query()).find((run) => run.label === 'elsewhere')!.run;
    const crossed = await failure(t.api.analysis.paired.query({ run: withNss, baseline: elsewhere }));
    expect(crossed.code).toBe('not-comparable');
    expect(crossed.message).toMatch(/tested on rated, the other on rated again/);
    expect((await failure(t.api.analysis.delta.query({ with: withNss, without: 9999 }))).code).toBe(
      'not-found',
    );
    await t.engine.services.writer.setRunStatus(imported, 'failed', null);
    expect((await failure(t.api.analysis.errors.query({ run: imported }))).message).toMatch(
      /no results: it is failed/,
    );
    await t.engine.services.writer.setRunStatus(imported, 'done', null);
  });

  it('does not keep the API waiting', async () => {
    const elsewhere = (await t.api.analysis.runs.query()).find((run) => run.label === 'both')!.run;
    t.engine.services.analysis.forget();
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await Promise.all([
      t.api.analysis.paired.query({ run: elsewhere, baseline: withoutNss }),
      t.api.analysis.gates.query({ run: withNss }),
      t.api.analysis.paired.query({ run: withoutNss, baseline: elsewhere }),
    ]);
    clearInterval(beat);
    // 20 ms is the promise; a loaded machine of two cores may take a turn away from this thread.
    expect(longest).toBeLessThan(100);
  });
});

describe('explanation', () => {
  it('gives deltas, gates and their correlation per distortion', async () => {
    const { rows } = await t.api.analysis.delta.query({ with: withNss, without: withoutNss });
    expect(rows.map((row) => [row.type, row.n])).toEqual([['noise', IMAGES]]);
    const predictions = await t.api.runs.predictions.query({ run: withNss });
    const expected = srocc(Float64Array.from(predictions.prediction), Float64Array.from(predictions.mos))!;
    expect(rows[0]!.with).toBeCloseTo(expected, 12);
    const gates = await t.api.analysis.gates.query({ run: withNss });
    expect(gates).toMatchObject({ input: 'siglip', streams: ['nss', 'siglip'] });
    expect(gates.levels.map((row) => [row.level, row.mean[0], row.mean[1]])).toEqual(
      [1, 2, 3, 4, 5].map((level) => [level, 1, expect.closeTo(1 + 0.1 * level, 10)]),
    );
    expect(gates.cells).toHaveLength(5);
    const against = await t.api.analysis.gateDelta.query({
      run: withNss,
      stream: 'nss',
      with: withNss,
      without: withoutNss,
    });
    expect(against).toMatchObject({ stream: 'nss', correlation: null, rows: [{ type: 'noise', gate: 1 }] });
    const inputs = await t.api.analysis.gateInputs.query({
      runs: [withNss, withoutNss],
      stream: 'nss',
      with: withNss,
      without: withoutNss,
    });
    expect(inputs.map((row) => [row.run, row.input])).toEqual([[withNss, 'siglip']]);
  });

  it('gives the gates of every image in label order, and none for a run without gates', async () => {
    const { image, name, gates, streams } = await t.api.analysis.imageGates.query({ run: withNss });
    expect(streams).toEqual(['nss', 'siglip']);
    expect(name).toEqual(t.rows.map((row) => row.name));
    expect(image).toHaveLength(IMAGES);
    expect(gates[1]![0]).toBeCloseTo(1 + 0.1 * t.rows[0]!.level, 10);
    const none = await t.api.analysis.imageGates.query({ run: withoutNss });
    expect(none).toMatchObject({ streams: [], image: [], gates: [] });
    const wrong = t.api.analysis.gateDelta.query({
      run: withoutNss,
      stream: 'nss',
      with: withNss,
      without: withoutNss,
    });
    expect((await failure(wrong)).message).toMatch(/has no gate for "nss": it has no gates/);
  });

  it('gives errors against spreads, and the logistic PLCC beside the raw one', async () => {
    const errors = await t.api.analysis.errors.query({ run: withNss });
    expect(errors.uncertainty!.correlation!.rho).toBeCloseTo(1, 6); // the std was stored as |error|
    expect(errors.raters!.bins.reduce((n, bin) => n + bin.n, 0)).toBe(IMAGES);
    const { plcc } = await t.api.analysis.logistic.query({ run: withoutNss });
    const raw = (await t.api.runs.get.query({ run: withoutNss })).metrics!.overall.plcc!;
    expect(plcc!).toBeGreaterThan(raw - 0.01);
  });

  it('gives the cross-dataset matrix with empty cells, and published tables', async () => {
    const { datasets, rows } = await t.api.analysis.matrix.query();
    expect(datasets.map((d) => d.name)).toEqual(['rated', 'rated again']);
    const row = rows.find((r) => r.model === 'nss + siglip, gate by siglip')!;
    expect(row).toMatchObject({ train: 'rated', cells: [[{ run: withNss }], []] });
    expect(rows.at(-1)).toMatchObject({ model: 'somebody', train: null });
    const papers = await t.api.analysis.published.query();
    expect(papers.map((paper) => paper.id)).toEqual(['distortion-aware-fusion', 'dr-experts']);
  });

  it('renaming a run is seen by the next answer', async () => {
    const ask = () =>
      t.api.analysis.gateInputs.query({ runs: [withNss], stream: 'nss', with: withNss, without: withoutNss });
    await ask();
    await t.api.runs.rename.mutate({ run: withNss, label: 'renamed' });
    expect((await ask())[0]!.label).toBe('renamed');
    await t.api.runs.rename.mutate({ run: withNss, label: 'both' });
  });
});

describe('studio table', () => {
  it('writes an experiment’s runs as CSV, Markdown and LaTeX', async () => {
    const home = t.engine.services.home.folder;
    const { experiment } = (await t.api.runs.list.query()).find((run: Run) => run.run === withNss)!;
    const out = path.join(t.root, 'table.tex');
    const latex = await studio(['table', String(experiment), '--format', 'latex', '--out', out], { home });
    expect([latex.code, latex.stderr]).toEqual([0, '']);
    expect(readFileSync(out, 'utf8')).toContain('\\toprule');
    const csv = await studio(['table', String(experiment), '--format', 'csv'], { home });
    expect(csv.stdout).toMatch(/^run,SROCC,SROCC lo,SROCC hi,PLCC/);
    expect(csv.stdout).toContain('\nboth,0.9');
    const wrong = await studio(['table', String(experiment), '--format', 'pdf'], { home });
    expect(wrong.code).toBe(2);
    const missing = await studio(['table', '9999'], { home });
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('There is no experiment 9999'),
    ]);
  });
});

/** Every protocol from spec to stored run, on small synthetic datasets: what is trained on what, and the same bits however it is run. */
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDetail } from '../../src-main/api/run-view.ts';
import { parseHeads } from '../../src-main/fusion/trained-head.ts';
import { prepareStream } from '../../src-main/fusion/preprocess.ts';
import { trainPrepared } from '../../src-main/fusion/train.ts';
import { kFold, shuffleSplit } from '../../src-main/experiments/folds.ts';
import { estimateSeconds } from '../../src-main/experiments/estimate.ts';
import { planExperiment } from '../../src-main/experiments/plan.ts';
import { predictMembers } from '../../src-main/experiments/train-members.ts';
import { parseExperimentSpec } from '../../src-shared/experiment-spec.ts';
import * as experiments from '../fixtures/experiment-runs.ts';
import { makeFeatureCatalog, type FeatureCatalog } from '../fixtures/feature-catalog.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';
import { halfNoiseDataset } from './fusion-synthetic.ts';

const folder = temporaryFolders();
const A = halfNoiseDataset(100, 9);
const B = halfNoiseDataset(60, 10);
/** B is rated from 0 (best) to 100 (worst). */
const B_TARGETS = B.targets.map((mos) => 100 - (mos - 1) * 25);
const SPEC = {
  train: 'a',
  streams: ['nss', 'siglip', 'cliph'],
  fusion: { hidden: [24, 12], pca: 10 },
  training: { epochs: 6, batch: 32 },
};
const FINETUNE = {
  ...SPEC,
  test: 'b',
  fusion: { ...SPEC.fusion, gate: 'siglip' },
  protocol: { kind: 'finetune', folds: 3, seeds: [1, 2], mcDropout: 4, epochs: 3, batch: 16, lr: 1e-3 },
};

let catalog: FeatureCatalog;
beforeAll(async () => {
  catalog = await makeFeatureCatalog(path.join(folder('protocols'), 'home'), {
    ...A,
    name: 'a',
    groups: Array.from(A.targets, (_, i) => `scene ${i % 9}`),
  });
  await catalog.add({
    ...B,
    name: 'b',
    targets: B_TARGETS,
    scale: { min: 0, max: 100, better: 'lower' },
    splits: Array.from(B_TARGETS, (_, i) => (i === 0 ? null : ['training', 'validation', 'test'][i % 3]!)),
  });
});
afterAll(() => catalog.close());

const detail = (id: number) => runDetail(catalog.reader, id);
const predictionsOf = (id: number) => catalog.reader.runs.predictions(id);
const headsOf = (id: number) => catalog.reader.runs.heads(id).map(({ head }) => parseHeads(head));
const codes = (id: number) => detail(id).warnings.map((w) => w.code);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

/** Runs a spec to its end; gives its runs. */
async function finished(spec: unknown, cores = 2): Promise<number[]> {
  const { experiment, runs } = await experiments.create(catalog, spec);
  const { error, progress } = await experiments.run(catalog, experiment, cores);
  expect(error).toBeNull();
  const done = progress.map((report) => report.done);
  expect(done).toEqual(done.toSorted((a, b) => a - b));
  expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
  return runs;
}

/** The same spec with one process and stopped in the middle gives what `reference` is. */
async function sameHowever(spec: unknown, reference: readonly number[], after: number): Promise<void> {
  const expected = reference.map((id) => experiments.resultOf(catalog, id));
  const alone = await finished(spec, 1);
  expect(alone.map((id) => experiments.resultOf(catalog, id))).toEqual(expected);
  const { experiment, runs } = await experiments.create(catalog, spec);
  const first = await experiments.run(catalog, experiment, 2, { after, intent: 'shutdown' });
  expect(first.error).toMatchObject({ code: 'cancelled' });
  const stored = runs.map((id) => catalog.reader.runs.folds(id).length);
  expect((await experiments.run(catalog, experiment, 2)).error).toBeNull();
  expect(mean(stored)).toBeLessThan(mean(runs.map((id) => catalog.reader.runs.folds(id).length)));
  expect(runs.map((id) => experiments.resultOf(catalog, id))).toEqual(expected);
}

describe('cross', () => {
  it('trains on all of one dataset and tests all of the other, in its units and direction', async () => {
    const more = { fusion: { hidden: [24, 12], pca: 24 }, training: { epochs: 60, batch: 32, lr: 3e-3 } };
    const spec = { ...SPEC, ...more, test: 'b', protocol: { kind: 'cross' } };
    const [id] = await finished(spec);
    const run = detail(id!);
    expect(run).toMatchObject({
      dataset: { name: 'b' },
      train: { name: 'a', population: { n: 100 } },
      protocol: 'trained on a, tested on all images',
      parts: ['test'],
      population: { n: 60 },
      metrics: { overall: { n: 60 }, folds: null, mean: null, std: null },
      groupLevelSpec: null,
    });
    expect(run.metrics!.overall.srocc).toBeGreaterThan(0.4);
    expect(run.metrics!.overall.rmse).toBeLessThan(deviation([...B_TARGETS]));
    expect(run.provenance).toMatch(/ · a: population [0-9a-f]{8} \(n = 100\)/);
    expect(run.provenance).toContain(run.train!.population.hash.slice(0, 8));
    expect(codes(id!)).toEqual([]);
    expect(predictionsOf(id!).map((p) => [p.mos, p.fold, p.predictionStd])).toEqual(
      Array.from(B_TARGETS, (mos) => [mos, 0, null]),
    );
    // Targets are standardised in the units of b: a's labels 1 to 5 are 100 to 0 there.
    const { target } = headsOf(id!)[0]![0]!;
    expect(target.mean).toBeCloseTo(mean([...A.targets].map((y) => 100 - (y - 1) * 25)), 9);
  });

  it('counts the images that both datasets have', async () => {
    const contents = Array.from(B_TARGETS, (_, i) => (i < 3 ? `a-${i}` : `c-${i}`));
    const streams = B.streams.map((stream, s) => {
      const data = stream.data.slice();
      data.set(A.streams[s]!.data.subarray(0, 3 * stream.dimension));
      return { ...stream, data };
    });
    await catalog.add({ streams, targets: B.targets, name: 'c', contents });
    const spec = { ...SPEC, test: 'c', protocol: { kind: 'cross' } };
    const { warnings } = planExperiment(catalog.reader, parseExperimentSpec(spec)).runs[0]!.run;
    expect(warnings).toEqual([
      {
        code: 'overlap',
        message: '3 of the 60 images of "c" are also in "a": the model was trained on them.',
      },
    ]);
  });

  it('refuses two versions of a stream, and one dataset under two spellings', async () => {
    await catalog.add({ ...B, name: 'old', targets: B.targets, version: 'test/0' });
    const plan = (test: string) =>
      planExperiment(catalog.reader, parseExperimentSpec({ ...SPEC, test, protocol: { kind: 'cross' } }));
    expect(() => plan('old')).toThrow(/version test\/0 in "old" and test\/1 in "a"/);
    expect(() => plan('A')).toThrow(/the same dataset/);
    expect(() => plan('nowhere')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('finetune', () => {
  let id: number;
  beforeAll(async () => {
    id = (await finished(FINETUNE))[0]!;
  });

  it('fits scaler, projection and targets on a and on the training fold of b', async () => {
    const folds = kFold(60, 3, 42);
    const mapped = [...A.targets].map((y) => 100 - (y - 1) * 25);
    for (const [fold, members] of headsOf(id).entries()) {
      const train = [...B_TARGETS.keys()].filter((row) => !folds[fold]!.includes(row));
      const labels = [...train.map((row) => B_TARGETS[row]!), ...mapped];
      const nss = (row: number, { data, dimension }: (typeof A.streams)[0]) => data[row * dimension]!;
      const values = [
        ...train.map((row) => nss(row, B.streams[0]!)),
        ...mapped.map((_, row) => nss(row, A.streams[0]!)),
      ];
      expect(members).toHaveLength(2);
      for (const { target, streams } of members) {
        expect(target.mean).toBeCloseTo(mean(labels), 9);
        expect(target.std).toBeCloseTo(deviation(labels), 9);
        expect(streams[0]!.scaler.mean[0]).toBeCloseTo(mean(values), 9);
        expect(streams[0]!.scaler.scale[0]).toBeCloseTo(deviation(values), 9);
        expect(streams.map((s) => s.projection?.variances.length ?? null)).toEqual([null, 10, 10]);
      }
      expect(members[0]!.parameters).not.toEqual(members[1]!.parameters);
    }
  });

  it('predicts each image of b once, with the spread of all passes, and says how', () => {
    const run = detail(id);
    expect(run.protocol).toBe(
      'pretrained on a, finetuned and tested over 3 folds by image, 2 members with 4 MC-dropout passes each',
    );
    expect(run.parts).toEqual(['fold 1', 'fold 2', 'fold 3']);
    expect(run.metrics!.folds!.map((m) => m.n)).toEqual([20, 20, 20]);
    expect(run.curves.map((curve) => curve.epochs.length)).toEqual([9, 9, 9]);
    const rates = run.curves[0]!.epochs.map((point) => point.lr);
    expect([rates[0], rates[6]]).toEqual([5e-4, 1e-3]);
    const rows = predictionsOf(id);
    expect(rows.map((row) => row.image)).toHaveLength(60);
    for (const { predictionStd } of rows) expect(predictionStd).toBeGreaterThan(0);
    expect(catalog.reader.runs.gates(id)).toHaveLength(180);
  });

  it('is the mean and deviation of the passes of the stored members', async () => {
    const members = headsOf(id)[0]!;
    const plan = planExperiment(catalog.reader, parseExperimentSpec(FINETUNE));
    const part = plan.runs[0]!.parts[0]!;
    const streams = [];
    for (const stream of ['nss', 'siglip', 'cliph']) {
      const matrix = catalog.reader.population.matrix(plan.rows, { stream, version: 'test/1' });
      streams.push(await prepareStream(ort, { id: stream, ...matrix }, part.fit, 10, part.test));
    }
    const rows = { streams, rows: part.test };
    const passes = async (count: number, of = members, seeds = [1, 2]) =>
      predictMembers(ort, of, rows, { count, rate: 0.3, seeds });
    const single = await Promise.all(members.map((head, m) => passes(4, [head], [m + 1])));
    const stored = predictionsOf(id).filter((row) => row.fold === 0);
    const plain = await passes(0);
    stored.forEach((row, i) => {
      expect(row.prediction).toBeCloseTo(mean(single.map((s) => s.predictions[i]!)), 9);
      // Law of total variance over two members with as many passes each.
      const within = mean(single.map((s) => s.std![i]! ** 2));
      const between = deviation(single.map((s) => s.predictions[i]!)) ** 2;
      expect(row.predictionStd).toBeCloseTo(Math.sqrt(within + between), 9);
      const gate = catalog.reader.runs.gates(id).find((g) => g.image === row.image && g.stream === 'nss');
      expect(gate!.gate).toBeCloseTo(plain.gates['nss']![i]!, 6);
    });
    // Many passes come near the deterministic prediction; without dropout they are it.
    const many = await passes(400);
    const spread = mean([...many.std!]);
    expect(mean([...many.predictions.map((p, i) => p - plain.predictions[i]!)])).toBeLessThan(spread);
    const certain = await predictMembers(ort, [members[0]!], rows, { count: 3, rate: 0, seeds: [1] });
    const one = await passes(0, [members[0]!]);
    certain.predictions.forEach((p, i) => expect(p).toBeCloseTo(one.predictions[i]!, 4));
    expect(Math.max(...certain.std!)).toBeLessThan(1e-9);
    expect(one.std).toBeNull();
  });

  it('gives the same bits with one process, and goes on after a stop', async () => {
    await sameHowever(FINETUNE, [id], 3);
  });

  it('in a second stage that can not move leaves the first as it was; one that can moves it', async () => {
    const all = Int32Array.from(A.targets.keys());
    const [first, second] = [all.subarray(0, 60), all.subarray(60)];
    const streams = await Promise.all(A.streams.map((s) => prepareStream(ort, s, all, 10)));
    const options = {
      hidden: [8],
      dropout: 0.3,
      weightDecay: 1e-4,
      clip: 1,
      lambdaPlcc: 0.5,
      lambdaRank: 0.5,
      seed: 5,
      targets: 'standardized' as const,
      gate: null,
      threads: 1,
    };
    const pretrain = { rows: first, epochs: 3, batch: 16, lr: 1e-3 };
    const trained = (lr: number | null) => {
      const stages = lr === null ? [pretrain] : [pretrain, { rows: second, epochs: 2, batch: 8, lr }];
      return trainPrepared(ort, { streams, targets: A.targets, fit: all, stages }, options);
    };
    const pretrained = await trained(null);
    expect(await trained(1e-30)).toEqual(pretrained);
    expect((await trained(1e-3)).parameters).not.toEqual(pretrained.parameters);
  });
});

describe('split', () => {
  const spec = { ...SPEC, protocol: { kind: 'split', repeats: 4 } };
  let id: number;
  beforeAll(async () => {
    id = (await finished(spec))[0]!;
  });

  it('tests an image in several repeats, and keeps its mean and their spread', () => {
    const tests = [42, 43, 44, 45].map((seed) => shuffleSplit(100, seed));
    const tested = [...A.targets.keys()].filter((row) => tests.some((test) => test.includes(row)));
    const rows = predictionsOf(id);
    expect(rows.map((row) => Number(row.name))).toEqual(tested);
    const repeats = Map.groupBy(catalog.reader.runs.repeats(id), (row) => row.image);
    for (const row of rows) {
      const values = repeats.get(row.image)!.map((r) => r.prediction);
      expect(values).toHaveLength(tests.filter((test) => test.includes(Number(row.name))).length);
      expect(row.prediction).toBeCloseTo(mean(values), 12);
      if (values.length === 1) expect(row.predictionStd).toBeNull();
      else expect(row.predictionStd).toBeCloseTo(deviation(values), 12);
      expect(row.fold).toBeNull();
    }
    expect(new Set([...repeats.values()].map((list) => list.length)).size).toBeGreaterThan(1);
  });

  it('has metrics per repeat with median and quartiles, and warns of leakage', () => {
    const run = detail(id);
    const { folds, median, quartiles, overall } = run.metrics!;
    expect(folds!.map((m) => m.n)).toEqual([20, 20, 20, 20]);
    expect(overall.n).toBe(predictionsOf(id).length);
    const srocc = folds!.map((m) => m.srocc!).sort((a, b) => a - b);
    expect(median!.srocc).toBeCloseTo((srocc[1]! + srocc[2]!) / 2, 12);
    expect(quartiles!.lower.srocc).toBeCloseTo(0.25 * srocc[0]! + 0.75 * srocc[1]!, 12);
    expect(run.protocol).toBe('4 random 80/20 splits by image');
    expect(run.parts[3]).toBe('repeat 4');
    expect(codes(id)).toEqual(['leakage']);
    expect(run.groupLevelSpec!.protocol).toEqual({ kind: 'split', repeats: 4, unit: 'group' });
  });

  it('gives the same bits with one process, and goes on after a stop', () => sameHowever(spec, [id], 2));

  it('by group has no warning', async () => {
    const plan = planExperiment(
      catalog.reader,
      parseExperimentSpec({ ...SPEC, protocol: { kind: 'split', unit: 'group' } }),
    );
    expect(plan.runs[0]!.run).toMatchObject({ warnings: [], folds: { unit: 'group', count: 10 } });
  });
});

describe('official', () => {
  it('trains on training and validation and tests the test side; the rest is left out', async () => {
    const [id] = await finished({ ...SPEC, train: 'b', protocol: { kind: 'official' } });
    const rows = predictionsOf(id!);
    expect(rows.map((row) => Number(row.name))).toEqual([...B_TARGETS.keys()].filter((i) => i % 3 === 2));
    const run = detail(id!);
    expect(run).toMatchObject({ protocol: 'official split', parts: ['test'], population: { n: 59 } });
    expect(run.metrics!.folds).toBeNull();
    expect(codes(id!)).toEqual(['partial']);
  });

  it('is refused where there is none', async () => {
    await expect(
      experiments.create(catalog, { ...SPEC, protocol: { kind: 'official' } }),
    ).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('no official split') as string,
    });
  });
});

describe('fraction', () => {
  const spec = {
    ...SPEC,
    protocol: { kind: 'fraction', fractions: [0.4, 1], folds: 3 },
    ablation: [{ label: 'all' }, { label: 'NSS only', streams: ['nss'] }],
  };
  let ids: number[];
  beforeAll(async () => {
    ids = await finished(spec);
  });

  it('is a run per fraction and entry, all on the same test folds', () => {
    expect(ids.map((id) => detail(id).label)).toEqual([
      'all, 40 % of the training side',
      'NSS only, 40 % of the training side',
      'all, 100 % of the training side',
      'NSS only, 100 % of the training side',
    ]);
    expect(new Set(ids.map((id) => detail(id).folds!.hash)).size).toBe(1);
    expect(detail(ids[0]!).protocol).toBe('3-fold cross-validation by image, 40 % of the training side');
    expect(codes(ids[0]!)).toEqual(['leakage']);
  });

  it('at 100 % is cross-validation to the bit, at 40 % is not', async () => {
    const [cv] = await finished({ ...SPEC, protocol: { kind: 'cv', folds: 3 } });
    const values = (id: number) => predictionsOf(id).map((row) => [row.prediction, row.fold]);
    expect(values(ids[2]!)).toEqual(values(cv!));
    expect(values(ids[0]!)).not.toEqual(values(cv!));
  });

  it('gives the same bits with one process, and goes on after a stop', () => sameHowever(spec, ids, 5));

  it('is estimated shorter for a smaller fraction, and in proportion to what was measured', () => {
    const seconds = (fraction: number) =>
      estimateSeconds(
        catalog.reader,
        planExperiment(
          catalog.reader,
          parseExperimentSpec({ ...SPEC, protocol: { kind: 'fraction', fractions: [fraction] } }),
        ),
      );
    expect(seconds(0.4)).toBeGreaterThan(0);
    expect(seconds(0.4)).toBeLessThan(seconds(1));
  });
});

describe('an ensemble under another protocol', () => {
  it('is the mean of its members, and their deviation', async () => {
    const cv = { ...SPEC, protocol: { kind: 'cv', folds: 3 } };
    const ablation = [
      { label: 'two' },
      { label: 'one', ensemble: null, training: { seed: 1 } },
      { label: 'other', ensemble: null, training: { seed: 2 } },
    ];
    const [two, one, other] = await finished({ ...cv, ensemble: { seeds: [1, 2] }, ablation });
    const values = (id: number) => predictionsOf(id).map((row) => row.prediction);
    const members = [values(one!), values(other!)];
    predictionsOf(two!).forEach((row, i) => {
      const both = members.map((list) => list[i]!);
      expect(row.prediction).toBeCloseTo(mean(both), 9);
      expect(row.predictionStd).toBeCloseTo(deviation(both), 9);
    });
    expect(predictionsOf(one!)[0]!.predictionStd).toBeNull();
    expect(detail(two!).protocol).toBe('3-fold cross-validation by image, 2 members');
    expect(headsOf(two!).map((heads) => heads.length)).toEqual([2, 2, 2]);
  });

  it('may be MC dropout of a single member', async () => {
    const [id] = await finished({
      ...SPEC,
      test: 'b',
      protocol: { kind: 'cross' },
      ensemble: { mcDropout: 5 },
    });
    for (const { predictionStd } of predictionsOf(id!)) expect(predictionStd).toBeGreaterThan(0);
    expect(detail(id!).protocol).toMatch(/, 1 member with 5 MC-dropout passes each$/);
  });
});

it('a run keeps the name of a training dataset that was deleted', async () => {
  const old = await catalog.add({ ...A, name: 'short-lived' });
  const spec = { ...SPEC, train: 'short-lived', test: 'b', protocol: { kind: 'cross' } };
  const { runs } = await experiments.create(catalog, spec);
  expect(detail(runs[0]!).train).toMatchObject({ id: old, name: 'short-lived' });
  await catalog.writer.deleteDataset(old);
  expect(detail(runs[0]!)).toMatchObject({
    train: { id: null, name: 'short-lived', population: { n: 100 } },
    protocol: 'trained on short-lived, tested on all images',
  });
});

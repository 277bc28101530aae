import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../src-main/evaluation/metrics.ts';
import { pairedBootstrap } from '../../src-main/evaluation/paired-bootstrap.ts';
import { deltaPerDistortion, gateAgainstDelta } from '../../src-main/evaluation/distortion-delta.ts';
import { errorAgainstSpread } from '../../src-main/evaluation/error-spread.ts';
import { meanGates } from '../../src-main/evaluation/gate-means.ts';
import { alignRuns, type RunColumns, type RunIdentity } from '../../src-main/evaluation/run-columns.ts';
import { crossMatrix } from '../../src-main/evaluation/cross-matrix.ts';
import type { ComparableRun } from '../../src-shared/analysis.ts';
import { makeRun } from '../fixtures/mock-runs.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { Random } from '../../src-main/fusion/random.ts';

/** n targets, and predictions that are as noisy as asked. */
function noisy(
  n: number,
  noise: readonly number[],
  seed: number,
): { target: Float64Array; models: Float64Array[] } {
  const random = new Random(seed);
  const target = Float64Array.from({ length: n }, () => random.uniform());
  return { target, models: noise.map((s) => target.map((t) => t + s * (random.uniform() - 0.5))) };
}

describe('the paired bootstrap', () => {
  it('agrees with resampling by another generator and plain metrics', async () => {
    const { target, models } = noisy(150, [0.6, 1.2], 3);
    const actual = await pairedBootstrap(models[0]!, models[1]!, target, { seed: 1, resamples: 4000 });
    const random = new Random(77);
    const differences = Array.from({ length: 4000 }, () => {
      const drawn = Int32Array.from({ length: 150 }, () => Math.floor(150 * random.uniform()));
      const of = (model: Float64Array) =>
        metrics(
          Float64Array.from(drawn, (i) => model[i]!),
          Float64Array.from(drawn, (i) => target[i]!),
        );
      const [a, b] = [of(models[0]!), of(models[1]!)];
      return { srocc: a.srocc! - b.srocc!, plcc: a.plcc! - b.plcc! };
    });
    for (const name of ['srocc', 'plcc'] as const) {
      const sorted = differences.map((d) => d[name]).sort((a, b) => a - b);
      const width = sorted[3899]! - sorted[99]!;
      const { interval, difference, run, baseline } = actual[name]!;
      expect(Math.abs(interval[0] - sorted[99]!), name).toBeLessThan(0.08 * width);
      expect(Math.abs(interval[1] - sorted[3899]!), name).toBeLessThan(0.08 * width);
      expect(run).toBeCloseTo(metrics(models[0]!, target)[name]!, 12);
      expect(baseline).toBeCloseTo(metrics(models[1]!, target)[name]!, 12);
      expect(difference).toBeCloseTo(run - baseline, 12);
    }
  });

  it('is antisymmetric, and says 0 of a model and itself', async () => {
    const { target, models } = noisy(80, [0.5, 0.8], 5);
    const options = { seed: 2, resamples: 400 };
    const there = await pairedBootstrap(models[0]!, models[1]!, target, options);
    const back = await pairedBootstrap(models[1]!, models[0]!, target, options);
    const [low, high] = there.srocc!.interval;
    expect(back.srocc!.interval[0]).toBeCloseTo(-high, 12);
    expect(back.srocc!.interval[1]).toBeCloseTo(-low, 12);
    const same = await pairedBootstrap(models[0]!, models[0]!, target, options);
    expect(same.srocc).toMatchObject({ difference: 0, interval: [0, 0], below: 0 });
  });

  it('holds the true difference in about 95 % of repetitions, and tells a clear one from chance', async () => {
    // Both models are equally good, so the true difference is 0.
    let covered = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { target, models } = noisy(60, [0.8, 0.8], 100 + seed);
      const { srocc } = await pairedBootstrap(models[0]!, models[1]!, target, { seed, resamples: 300 });
      if (srocc!.interval[0] <= 0 && srocc!.interval[1] >= 0) covered++;
    }
    expect(covered).toBeGreaterThan(86);
    const { target, models } = noisy(300, [0.3, 1.5], 9);
    const clear = await pairedBootstrap(models[1]!, models[0]!, target, { seed: 1, resamples: 1000 });
    expect(clear.srocc!.interval[1]).toBeLessThan(0);
    expect(clear.srocc!.below).toBe(1);
  });

  it('is wider by group where images of a group are alike', async () => {
    const { target, models } = noisy(20, [0.5, 0.9], 11);
    const repeat = (values: Float64Array) => Float64Array.from({ length: 200 }, (_, i) => values[i % 20]!);
    const [a, b, t] = [repeat(models[0]!), repeat(models[1]!), repeat(target)];
    const groups = Array.from({ length: 200 }, (_, i) => `scene ${i % 20}`);
    const byImage = await pairedBootstrap(a, b, t, { seed: 1, resamples: 1000 });
    const byGroup = await pairedBootstrap(a, b, t, { seed: 1, resamples: 1000, groups });
    const width = ([low, high]: [number, number]) => high - low;
    expect(width(byGroup.srocc!.interval) / width(byImage.srocc!.interval)).toBeGreaterThan(2);
    expect(byGroup.units).toBe(20);
  });

  it('has no interval for one unit or a constant model, and stops when told', async () => {
    const { target, models } = noisy(30, [0.5, 0.5], 1);
    const one = { seed: 1, resamples: 10, groups: new Array<string>(30).fill('a') };
    expect((await pairedBootstrap(models[0]!, models[1]!, target, one)).srocc).toBeNull();
    const constant = await pairedBootstrap(new Float64Array(30), models[1]!, target, {
      seed: 1,
      resamples: 10,
    });
    expect(constant).toMatchObject({ srocc: null, plcc: null });
    const stopped = pairedBootstrap(models[0]!, models[1]!, target, {
      seed: 1,
      resamples: 1e9,
      signal: AbortSignal.timeout(10),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  });
});

function runOf(
  change: Partial<RunIdentity> & { columns?: Partial<RunColumns> } = {},
): RunIdentity & { columns: RunColumns } {
  const image = change.columns?.image ?? [1, 2, 3, 4];
  const filled = <T>(value: T): T[] => image.map(() => value);
  return {
    run: 1,
    dataset: { id: 1, name: 'koniq' },
    targetLabel: 'mos',
    populationHash: 'p',
    foldsHash: 'f',
    ...change,
    columns: {
      image,
      name: image.map((id) => `${id}.png`),
      mos: image.map((id) => id / 2),
      prediction: image.map((id) => id * 2),
      predictionStd: filled(null),
      mosStd: filled(null),
      distortion: filled(null),
      level: filled(null),
      group: filled(null),
      ...change.columns,
    },
  };
}

describe('the images that two runs have in common', () => {
  const failure = (a: Parameters<typeof runOf>[0], b: Parameters<typeof runOf>[0]): StudioError => {
    try {
      alignRuns(runOf(a), runOf({ run: 2, ...b }));
    } catch (error) {
      return error as StudioError;
    }
    throw new Error('it succeeded');
  };

  it('are all of them where population and folds agree', () => {
    const { images, groups, mos } = alignRuns(runOf(), runOf({ run: 2 }));
    expect(images).toEqual({ basis: 'same', n: 4, note: 'Same 4 images and same folds.' });
    expect(groups).toBeNull();
    expect([...mos]).toEqual([0.5, 1, 1.5, 2]);
  });

  it('are the shared ones, said so, where the populations or the folds differ', () => {
    const other = runOf({
      run: 2,
      populationHash: 'q',
      columns: { image: [4, 9, 2], group: ['a', 'b', 'c'] },
    });
    const { images, a, b } = alignRuns(runOf(), other);
    expect(images).toMatchObject({ basis: 'shared', n: 2 });
    expect(images.note).toMatch(/2 images that both have predicted.*different sets/);
    expect([...a]).toEqual([4, 8]);
    expect([...b]).toEqual([4, 8]);
    const folds = alignRuns(runOf(), runOf({ foldsHash: 'g' }));
    expect(folds.images.note).toMatch(/folds differ/);
  });

  it('are none, with the reason, for other datasets, labels, scores and images', () => {
    expect(failure({}, { dataset: { id: 2, name: 'kadid' } })).toMatchObject({
      code: 'not-comparable',
      message: expect.stringMatching(/tested on koniq, the other on kadid/) as string,
    });
    expect(failure({}, { targetLabel: 'zscore' }).message).toMatch(/predicts mos, the other zscore/);
    expect(failure({}, { columns: { mos: [0.5, 1, 1.6, 2] } }).message).toMatch(/3\.png has 1\.5 .* 1\.6/);
    expect(failure({}, { columns: { image: [1, 8, 9] } }).message).toMatch(/1 images in common/);
  });
});

describe('deltas and gates per distortion', () => {
  const types = ['10', '10', '10', '2', '2', '2', null];
  const mos = Float64Array.of(1, 2, 3, 1, 2, 3, 9);
  const aligned = {
    images: { basis: 'same' as const, n: 7, note: '' },
    a: Float64Array.of(1, 2, 3, 1, 2, 3, 0),
    b: Float64Array.of(3, 2, 1, 1, 3, 2, 0),
    mos,
    distortion: types,
    groups: null,
  };

  it('are differences of SROCC within each type, in the order of types', () => {
    const rows = deltaPerDistortion(aligned);
    expect(rows.map(({ type, n, with: w, without, delta }) => [type, n, w, without, delta])).toEqual([
      ['2', 3, expect.closeTo(1, 12), expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)],
      ['10', 3, expect.closeTo(1, 12), expect.closeTo(-1, 12), expect.closeTo(2, 12)],
    ]);
    expect(rows[1]).toMatchObject({ name: 'JPEG', category: 'compression' });
    expect(rows[0]).toMatchObject({ name: '2', category: null });
  });

  it('are correlated over the types that have both', () => {
    const images = ['a', 'b', 'c', 'd'].map((distortion, i) => ({ distortion, level: 1, gates: [i, 5 - i] }));
    const gates = { run: 1, input: null, ...meanGates(['nss', 'siglip'], images) };
    const deltas = ['a', 'b', 'c', 'd', 'e'].map((type, i) => ({
      type,
      name: type,
      category: null,
      n: 3,
      with: 1,
      without: 1,
      delta: type === 'd' ? null : i,
    }));
    const nss = gateAgainstDelta(gates, 'nss', deltas);
    expect(nss.correlation).toMatchObject({ rho: expect.closeTo(1, 12) as number, n: 3 });
    expect(nss.rows.map((row) => [row.type, row.gate])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ]);
    expect(gateAgainstDelta(gates, 'siglip', deltas).correlation!.rho).toBeCloseTo(-1, 12);
  });

  it('average to the same overall mean, weighted by their images', () => {
    const image = fc.record({
      distortion: fc.constantFrom('01', '02', '11'),
      level: fc.integer({ min: 1, max: 3 }),
      gates: fc.tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 2, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 40 }), (images) => {
        const { overall, types, levels, cells } = meanGates(['a', 'b'], images);
        for (const parts of [types, levels, cells]) {
          expect(parts.reduce((n, part) => n + part.n, 0)).toBe(images.length);
          const mean = parts.reduce((total, part) => total + part.n * part.mean[1]!, 0) / images.length;
          expect(mean).toBeCloseTo(overall.mean[1]!, 10);
        }
      }),
    );
  });

  it('are empty for a run without gates', () => {
    expect(meanGates([], [])).toEqual({
      streams: [],
      overall: { n: 0, mean: [], std: [] },
      types: [],
      levels: [],
      cells: [],
    });
  });
});

describe('the cross-dataset matrix', () => {
  const base = makeRun(1, 'image', 'done');
  const on = (id: number, name: string) => ({ ...base.dataset, id, name });
  const run = (id: number, change: Partial<ComparableRun>): ComparableRun => ({
    ...base,
    run: id,
    distortions: 0,
    gate: null,
    trainedOn: 'koniq',
    protocolKind: 'cv',
    dataset: on(1, 'koniq'),
    ...change,
  });

  it('has a row per model and training set, a column per tested one, and the newest run of each protocol', () => {
    const { datasets, rows } = crossMatrix([
      run(1, {}),
      run(2, { protocol: 'by group' }),
      run(3, {}),
      run(4, { dataset: on(2, 'live'), protocolKind: 'cross', protocol: 'cross' }),
      run(5, { trainedOn: 'live', dataset: on(2, 'live') }),
      run(6, { gate: 'nss' }),
      run(7, { trainedOn: null, label: 'somebody', streams: [] }),
      run(8, { status: 'failed', metrics: null }),
    ]);
    expect(datasets.map((d) => d.name)).toEqual(['koniq', 'live']);
    expect(
      rows.map((row) => [row.model, row.train, row.cells.map((cell) => cell.map((e) => e.run))]),
    ).toEqual([
      ['nss', 'koniq', [[3, 2], [4]]],
      ['nss, gate by nss', 'koniq', [[6], []]],
      ['nss', 'live', [[], [5]]],
      ['somebody', null, [[7], []]],
    ]);
  });
});

describe('errors against a spread', () => {
  it('rise from bin to bin where they follow it', () => {
    const spread = Array.from({ length: 95 }, (_, i) => (i * 37) % 95);
    const result = errorAgainstSpread(
      spread.map((s) => (s % 2 === 0 ? s : -s)),
      spread.map(() => 0),
      spread,
    )!;
    expect(result.correlation!.rho).toBeCloseTo(1, 12);
    expect(result.bins).toHaveLength(10);
    expect(result.bins.reduce((n, bin) => n + bin.n, 0)).toBe(95);
    for (const bin of result.bins) {
      expect(bin.error).toBeCloseTo(bin.spread, 12);
      expect(bin.from).toBeLessThanOrEqual(bin.to);
    }
    expect(result.bins[0]).toMatchObject({ n: 9, from: 0, to: 8, spread: 4 });
  });

  it('leave out images without one, and are null where no image has one', () => {
    const some = errorAgainstSpread([1, 5, 3], [0, 0, 0], [2, null, 4])!;
    expect(some.bins.map((bin) => [bin.n, bin.spread, bin.error])).toEqual([
      [1, 2, 1],
      [1, 4, 3],
    ]);
    expect(errorAgainstSpread([1, 2], [0, 0], [null, null])).toBeNull();
  });
});

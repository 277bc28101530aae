import path from 'node:path';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import * as experiments from '../fixtures/experiment-runs.ts';
import { makeFeatureCatalog, type FeatureCatalog } from '../fixtures/feature-catalog.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';
import { halfNoiseDataset } from './fusion-synthetic.ts';

const folder = temporaryFolders();
const SPEC = {
  dataset: 'synthetic',
  streams: ['cliph', 'nss', 'siglip'],
  fusion: { hidden: [24, 12], pca: 10 },
  training: { epochs: 4, batch: 32 },
  ablation: [
    { label: 'static' },
    { label: 'gated', fusion: { gate: 'default' } },
    { label: 'NSS only', streams: ['nss'], fusion: { gate: 'default' } },
    { label: 'wider', fusion: { pca: 20, gate: 'cliph' } },
  ],
};

let catalog: FeatureCatalog;
beforeAll(async () => {
  catalog = await makeFeatureCatalog(path.join(folder('processes'), 'home'), halfNoiseDataset(120, 9));
});
afterAll(() => catalog.close());

const create = (spec: unknown) => experiments.create(catalog, spec);
const run = (experiment: number, cores: number, stop?: experiments.Stop) =>
  experiments.run(catalog, experiment, cores, stop);
const resultOf = (id: number) => experiments.resultOf(catalog, id);

describe('an experiment in compute processes', () => {
  let reference: { experiment: number; runs: number[] };
  beforeAll(async () => {
    reference = await create(SPEC);
    expect((await run(reference.experiment, 1)).error).toBeNull();
  });

  it('gives the same bits on one core and on two', async () => {
    const { experiment, runs } = await create(SPEC);
    const { trained, error } = await run(experiment, 2);
    expect(error).toBeNull();
    expect(new Set(trained).size).toBe(20);
    runs.forEach((id, i) => expect(resultOf(id)).toEqual(resultOf(reference.runs[i]!)));
    expect(resultOf(runs[0]!).status).toBe('done');
  });

  it('stores gates of gated runs only, in the fused order, and counts their parameters', () => {
    const [fixed, gated, nss, wider] = reference.runs.map(resultOf);
    const head = (width: number): number => width * 24 + 24 + 24 * 12 + 12 + 12 + 1;
    const gates = (width: number, streams: number): number => width * 64 + 64 + 64 * streams + streams;
    expect(fixed!.parameters).toBe(head(6 + 10 + 10));
    expect(gated!.parameters).toBe(head(26) + gates(10, 3));
    expect(nss!.parameters).toBe(head(6) + gates(6, 1));
    expect(wider!.parameters).toBe(head(6 + 16 + 20) + gates(20, 3));
    expect(gated!.streams.map((s) => s.stream)).toEqual(['nss', 'siglip', 'cliph']);
    expect(fixed!.results[0]).toBe(
      'image,mos,mos_std,prediction,prediction_std,fold,group,distortion,level\n',
    );
    expect(gated!.results[0]).toMatch(/,level,gate_cliph,gate_nss,gate_siglip\n$/);
    const values = gated!.results[1]!.trim().split(',').slice(-3).map(Number);
    for (const gate of values) expect(gate > 0.2 && gate < 1.8).toBe(true);
  });

  it('stopped in the middle goes on with the folds that are left, to the same bits', async () => {
    const { experiment, runs } = await create(SPEC);
    const first = await run(experiment, 2, { after: 7, intent: 'shutdown' });
    expect(first.error).toMatchObject({ code: 'cancelled' });
    const stored = runs.flatMap((id) => catalog.reader.runs.folds(id).map((f) => `${id}/${f.fold}`));
    expect(stored.length).toBeGreaterThanOrEqual(4);
    expect(stored.length).toBeLessThan(20);
    const second = await run(experiment, 2);
    expect(second.error).toBeNull();
    expect([...second.trained, ...stored].sort()).toEqual(
      runs.flatMap((id) => [0, 1, 2, 3, 4].map((fold) => `${id}/${fold}`)).sort(),
    );
    runs.forEach((id, i) => expect(resultOf(id)).toEqual(resultOf(reference.runs[i]!)));
  });

  it('cancelled ends within a second', async () => {
    const { experiment, runs } = await create({ ...SPEC, training: { epochs: 2000 } });
    const { reader } = catalog;
    const abort = { after: 0, intent: 'cancel' as const };
    const { error, stopMs } = await run(experiment, 2, abort);
    expect(error).toMatchObject({ code: 'cancelled' });
    expect(stopMs).toBeLessThan(1000);
    expect(runs.map((id) => reader.runs.get(id).status)).toEqual(runs.map(() => 'cancelled'));
  });

  it('says which run can not be trained, and stops the others', async () => {
    const spec = { ...SPEC, ablation: [{ label: 'wild', training: { lr: 1e30, targets: 'raw' as const } }] };
    const { experiment, runs } = await create(spec);
    const { error } = await run(experiment, 2);
    expect(error).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('diverged') as string,
    });
    expect(catalog.reader.runs.get(runs[0]!)).toMatchObject({
      status: 'failed',
      error: { code: 'bad-input' },
    });
  });

  it('refuses a gate that is not a stream of the run, by name', async () => {
    const spec = { ...SPEC, ablation: [{ label: 'a', streams: ['nss'], fusion: { gate: 'siglip' } }] };
    await expect(create(spec)).rejects.toMatchObject({
      code: 'bad-input',
      message: '"fusion.gate": "siglip" is not a stream of the run',
    });
  });
});

it('a run says where principal components were left out', async () => {
  const { streams, targets } = halfNoiseDataset(60, 2);
  const doubled = streams.map((stream) => ({
    ...stream,
    dimension: 2 * stream.dimension,
    data: duplicateColumns(stream),
  }));
  const other = await makeFeatureCatalog(path.join(folder('dropped'), 'home'), { streams: doubled, targets });
  const kept = catalog;
  catalog = other;
  try {
    const { experiment, runs } = await create({ ...SPEC, ablation: [], fusion: { hidden: [8], pca: 256 } });
    expect((await run(experiment, 2)).error).toBeNull();
    const warnings = other.reader.runs.get(runs[0]!).warnings;
    expect(warnings.filter((w) => w.code === 'dropped-components')).toHaveLength(10);
    expect(warnings.map((w) => w.message)).toContain(
      'siglip: 16 of 32 principal components are left out in fold 1; their variance is under 1e-7 of the largest.',
    );
  } finally {
    catalog = kept;
    await other.close();
  }
});

/** Every column twice. */
function duplicateColumns({ dimension, data }: { dimension: number; data: Float32Array }): Float32Array {
  return Float32Array.from({ length: 2 * data.length }, (_, at) => {
    const row = Math.floor(at / (2 * dimension));
    return data[row * dimension + (at % dimension)]!;
  });
}

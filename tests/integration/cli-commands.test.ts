import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS, type SmallImage } from '../fixtures/small-dataset.ts';
import { studio, temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const work = temporary('work');
const folder = path.join(work, 'rated');
const home = temporary('home');
const IMAGES = 30;
let rows: SmallImage[];
/** A command in the shared home with --json; fails the test where it does not end with 0 and one JSON value. */
async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const ended = await studio([...args, '--json'], { home });
  expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
  return ended.json<T>();
}
const inWork = (name: string, content?: string) => {
  const file = path.join(work, name);
  if (content !== undefined) writeFileSync(file, content);
  return file;
};
const M = {
  n: IMAGES,
  srocc: expect.any(Number) as number,
  plcc: expect.any(Number) as number,
  krocc: expect.any(Number) as number,
  rmse: expect.any(Number) as number,
};

beforeAll(async () => {
  rows = await makeSmallDataset(folder, { images: IMAGES });
});

describe('calling it', () => {
  it('prints its version, its help and what is wrong', async () => {
    const [version, help, nothing, unknown, option, missing] = await Promise.all([
      studio(['--version']),
      studio(['help']),
      studio([]),
      studio(['extrat']),
      studio(['datasets', '--jsn'], { home }),
      studio(['extract'], { home }),
    ]);
    expect([version.code, version.stdout]).toEqual([0, `${STUDIO_VERSION}\n`]);
    for (const command of [
      'serve',
      'import',
      'datasets',
      'extract',
      'features export',
      'features import',
      'run',
      'runs',
      'results',
      'export',
      'report',
      'predict',
      'predictions import',
      'jobs',
      'demo',
      'doctor',
    ]) {
      expect(help.stdout).toContain(`studio ${command}`);
    }
    expect([help.code, nothing.code]).toEqual([0, 2]);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain('Did you mean "extract"?');
    expect([option.code, option.stderr]).toEqual([2, expect.stringContaining('--jsn') as string]);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining('studio extract --dataset N') as string,
    ]);
  });

  it('takes the home from --home before BIQA_STUDIO_HOME', async () => {
    const fromEnvironment = temporary('environment');
    const env = { BIQA_STUDIO_HOME: fromEnvironment };
    const [byEnvironment, byFlag] = await Promise.all([
      studio(['doctor', '--json'], { env }),
      studio(['doctor', '--json'], { env, home: temporary('flag') }),
    ]);
    expect(byEnvironment.json()).toMatchObject({
      home: fromEnvironment,
      version: STUDIO_VERSION,
      checks: expect.any(Array) as unknown[],
    });
    expect(byFlag.json<{ home: string }>().home).toContain('studio-flag-');
    expect(existsSync(path.join(fromEnvironment, 'catalog.sqlite'))).toBe(true);
    expect(existsSync(path.join(fromEnvironment, 'engine.json'))).toBe(false);
  });
});

describe('the way from a folder to results', { timeout: 90_000 }, () => {
  it('import', async () => {
    const asked = await studio(['import', folder, '--json'], { home });
    expect(asked.code).toBe(1);
    expect(asked.json()).toMatchObject({
      error: {
        code: 'ambiguous',
        file: path.join(folder, 'labels.csv'),
        hint: expect.stringContaining('--scale') as string,
      },
    });
    expect(await run('import', folder, '--name', 'small', ...SMALL_DATASET_FLAGS)).toEqual({
      dataset: {
        name: 'small',
        format: 'csv',
        images: IMAGES,
        missing: 0,
        unreadable: 0,
        duplicates: 0,
        scale: { min: 1, max: 5, better: 'higher' },
        groups: { kind: 'group', count: 6 },
      },
    });
    expect(await run('datasets')).toEqual({
      datasets: [
        expect.objectContaining({ name: 'small', format: 'csv', images: IMAGES, missing: 0, unreadable: 0 }),
      ],
    });
  });

  it('extract', async () => {
    const first = {
      stream: 'nss',
      version: expect.stringContaining('decoder/') as string,
      done: IMAGES,
      failed: 0,
      reused: 0,
      device: 'cpu',
      seconds: expect.any(Number) as number,
      notes: [],
    };
    expect(await run('extract', '--dataset', 'small', '--streams', 'nss')).toEqual({
      dataset: 'small',
      device: 'cpu',
      streams: [first],
    });
    expect(await run('extract', '--dataset', 'SMALL', '--streams', 'nss', '--device', 'cpu')).toMatchObject({
      streams: [{ done: IMAGES, reused: IMAGES }],
    });
    const [cuda, stream, device] = await Promise.all([
      studio(['extract', '--dataset', 'small', '--streams', 'nss', '--device', 'cuda'], { home }),
      studio(['extract', '--dataset', 'small', '--streams', 'nss2', '--json'], { home }),
      studio(['extract', '--dataset', 'small', '--streams', 'nss', '--device', 'abacus'], { home }),
    ]);
    expect([cuda.code, cuda.stderr]).toEqual([
      1,
      expect.stringContaining('NSS runs on the CPU, not on cuda') as string,
    ]);
    expect([stream.code, stream.json()]).toMatchObject([
      1,
      { error: { code: 'not-available', hint: expect.stringContaining('"nss"') as string } },
    ]);
    expect(device.code).toBe(2);
  });

  it('features export and import', async () => {
    const csv = inWork('nss.csv');
    expect(await run('features', 'export', '--dataset', 'small', '--stream', 'nss', '--csv', csv)).toEqual({
      dataset: 'small',
      stream: 'nss',
      file: csv,
    });
    const lines = readFileSync(csv, 'utf8')
      .trimEnd()
      .split('\n')
      .map((l) => l.split(','));
    expect([lines.length, lines[0]!.length, lines[0]![0]]).toEqual([IMAGES + 1, 139, 'image']);
    expect(lines.slice(1).map((l) => l[0])).toEqual(rows.map((r) => r.name));
    // the alias writes the same file
    const alias = inWork('alias.csv');
    await run('features', '--dataset', 'small', '--stream', 'nss', '--csv', alias);
    expect(readFileSync(alias)).toEqual(readFileSync(csv));
    const npz = inWork('nss.npz');
    await run('features', 'export', '--dataset', 'small', '--stream', 'nss', '--npz', npz);
    const imported = await run('features', 'import', '--dataset', 'small', '--stream', 'mine', npz);
    expect(imported).toEqual({
      dataset: 'small',
      stream: 'mine',
      version: expect.stringMatching(/^imported-/) as string,
      dimension: 138,
      images: IMAGES,
      unknown: 0,
    });
    const back = inWork('mine.csv');
    await run('features', 'export', '--dataset', 'small', '--stream', 'mine', '--csv', back);
    expect(readFileSync(back, 'utf8')).toBe(readFileSync(csv, 'utf8'));
    const nowhere = await studio(
      [
        'features',
        'export',
        '--dataset',
        'small',
        '--stream',
        'nss',
        '--csv',
        path.join(work, 'no/such/x.csv'),
        '--json',
      ],
      { home },
    );
    expect(nowhere.code).toBe(1);
    expect(nowhere.json()).toMatchObject({
      error: { code: 'not-found', file: path.join(work, 'no/such/x.csv') },
    });
    expect(
      (await studio(['features', 'export', '--dataset', 'small', '--stream', 'nss'], { home })).code,
    ).toBe(2);
  });

  it('run, results, runs', async () => {
    const spec = {
      dataset: 'small',
      streams: ['nss'],
      fusion: { hidden: [8] },
      training: { epochs: 3, batch: 16 },
      protocol: { kind: 'cv', folds: 3, unit: 'group' },
    };
    const file = inWork('spec.json', JSON.stringify(spec));
    const done = await run<{ experiment: number; runs: Record<string, unknown>[] }>(
      'run',
      file,
      '--seed',
      '5',
    );
    expect(done.runs).toHaveLength(1);
    expect(done.runs[0]).toMatchObject({
      run: 1,
      label: 'nss on small',
      preset: 'studio',
      population: { n: IMAGES, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      folds: { unit: 'group', hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      metrics: {
        overall: M,
        ci95: { srocc: [expect.any(Number), expect.any(Number)] },
        folds: [{ n: 10 }, { n: 10 }, { n: 10 }],
        mean: { srocc: expect.any(Number) as number },
        std: { srocc: expect.any(Number) as number },
      },
      parameters: 138 * 8 + 8 + 8 + 1,
      seconds: {
        prepare: expect.any(Number) as number,
        train: expect.any(Number) as number,
        predict: expect.any(Number) as number,
      },
      warnings: [],
    });
    const csv = inWork('results.csv');
    expect(await run('results', '1', '--csv', csv)).toEqual({ run: 1, file: csv });
    expect(readFileSync(csv, 'utf8').split('\n')[0]).toBe(
      'image,mos,mos_std,prediction,prediction_std,fold,group,distortion,level',
    );
    expect(await run('runs', 'rename', '1', 'my run')).toMatchObject({
      runs: [{ run: 1, label: 'my run', status: 'done' }],
    });

    const refused = async (name: string, content: string | null, code: string, message: RegExp) => {
      const file = content === null ? path.join(work, name) : inWork(name, content);
      const ended = await studio(['run', file, '--json'], { home });
      expect(ended.code).toBe(1);
      expect(ended.json()).toMatchObject({
        error: { code, message: expect.stringMatching(message) as string },
      });
    };
    await refused('text.json', '{not json', 'bad-input', /not JSON/);
    await refused(
      'typo.json',
      JSON.stringify({ ...spec, training: { epoch: 3 } }),
      'bad-input',
      /did you mean "epochs"/,
    );
    await refused(
      'cross.json',
      JSON.stringify({ ...spec, protocol: { kind: 'cross' } }),
      'bad-input',
      /"cross" needs a second dataset/,
    );
    await refused('other.json', JSON.stringify({ ...spec, dataset: 'smal' }), 'not-found', /"smal"/);
    await refused('none.json', null, 'not-found', /none\.json/);
    expect((await studio(['results', '77', '--csv', csv], { home })).code).toBe(1);
    expect((await studio(['results', 'seven', '--csv', csv], { home })).code).toBe(2);
  });

  it('predict: rated or not, single files and folders, broken ones among them', async () => {
    const unrated = path.join(work, 'unrated');
    mkdirSync(path.join(unrated, 'deeper'), { recursive: true });
    const picture = readFileSync(path.join(folder, 'images', rows[0]!.name));
    writeFileSync(path.join(unrated, 'a.png'), picture);
    writeFileSync(path.join(unrated, 'deeper', 'b.png'), picture);
    writeFileSync(path.join(unrated, 'cut.png'), picture.subarray(0, picture.length / 2));
    const csv = inWork('predicted.csv');
    const single = path.join(folder, 'images', rows[1]!.name);
    const { run: id, predictions } = await run<{ run: number; predictions: Record<string, unknown>[] }>(
      'predict',
      '--run',
      '1',
      unrated,
      single,
      '--csv',
      csv,
    );
    expect(id).toBe(1);
    const good = (image: string) => ({
      image,
      prediction: expect.any(Number) as number,
      prediction_std: expect.any(Number) as number,
      gates: {},
      error: null,
    });
    expect(predictions).toEqual([
      good(path.join(unrated, 'a.png')),
      {
        image: path.join(unrated, 'cut.png'),
        prediction: null,
        prediction_std: null,
        gates: {},
        error: expect.objectContaining({ code: 'unreadable-image' }) as object,
      },
      good(path.join(unrated, 'deeper', 'b.png')),
      good(single),
    ]);
    expect(predictions[0]!['prediction']).toBe(predictions[2]!['prediction']);
    const [header, ...lines] = readFileSync(csv, 'utf8').trimEnd().split('\n');
    expect([header, lines.length]).toEqual(['image,prediction,prediction_std,error', 4]);
    mkdirSync(path.join(work, 'nothing'));
    for (const target of [path.join(work, 'nothing'), path.join(work, 'no-such-folder')]) {
      const ended = await studio(['predict', '--run', '1', target, '--json'], { home });
      expect([ended.code, ended.json<{ error: { file: string } }>().error.file]).toEqual([1, target]);
    }
  });

  it('predictions import', async () => {
    const file = inWork(
      'other.csv',
      `image,prediction\n${rows.map((r) => `${r.name},${r.mos * 10}`).join('\n')}\nunknown.png,3\n`,
    );
    expect(
      await run('predictions', 'import', '--dataset', 'small', '--name', 'Other model', file),
    ).toMatchObject({
      run: {
        run: 2,
        label: 'Other model',
        kind: 'imported',
        metrics: {
          overall: { n: IMAGES, srocc: expect.closeTo(1, 9) as number, plcc: expect.closeTo(1, 9) as number },
          folds: null,
        },
        warnings: [{ code: 'unknown-images' }],
      },
    });
    for (const [name, text, message] of [
      ['twice', `image,prediction\n${rows[0]!.name},1\n${rows[0]!.name},2\n`, /second time/],
      ['nan', `image,prediction\n${rows[0]!.name},NaN\n`, /line 2/],
      ['strangers', 'image,prediction\nx.png,1\n', /None of the 1 image names/],
      ['empty', '', /no rows/],
    ] as const) {
      const ended = await studio(
        [
          'predictions',
          'import',
          '--dataset',
          'small',
          '--name',
          name,
          inWork(`${name}.csv`, text),
          '--json',
        ],
        { home },
      );
      expect(ended.code).toBe(1);
      expect(ended.json()).toMatchObject({
        error: {
          code: 'bad-input',
          message: expect.stringMatching(message) as string,
          file: path.join(work, `${name}.csv`),
        },
      });
    }
    expect(await run('runs', 'delete', '2')).toMatchObject({ runs: [{ run: 1 }] });
  });

  it('jobs, datasets rename and delete', async () => {
    const { jobs } = await run<{ jobs: { id: number; kind: string; status: string }[] }>('jobs');
    expect(jobs.map((j) => j.id)).toEqual(jobs.map((j) => j.id).toSorted((a, b) => b - a));
    expect(new Set(jobs.map((j) => j.kind))).toEqual(new Set(['scan', 'extract', 'experiment', 'predict']));
    expect((await studio(['jobs', 'cancel', String(jobs[0]!.id)], { home })).code).toBe(1);
    expect((await studio(['jobs', 'explode', '1'], { home })).code).toBe(2);
    expect(await run('datasets', 'rename', 'small', 'renamed')).toMatchObject({
      datasets: [{ name: 'renamed' }],
    });
    expect(await run('datasets', 'delete', 'renamed')).toEqual({ datasets: [] });
    expect(await run('runs')).toEqual({ runs: [] });
    expect((await studio(['datasets', 'delete', 'renamed'], { home })).code).toBe(1);
  });
});

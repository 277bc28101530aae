/** Exported models against the studio: fold by fold on a synthetic catalog, and on pictures through the command line. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseExperimentSpec } from '../../src-shared/experiment-spec.ts';
import { runCardSchema, type RunCard } from '../../src-shared/run-card.ts';
import { exportRun } from '../../src-main/experiments/export-run.ts';
import { runModel } from '../../src-main/experiments/run-model.ts';
import { readHeads } from '../../src-main/experiments/run-heads.ts';
import { exportModel } from '../../src-main/fusion/export-model.ts';
import { EventHub } from '../../src-main/jobs/events.ts';
import { createExperiment, runExperiment } from '../../src-main/jobs/experiment.ts';
import { makeFeatureCatalog } from '../fixtures/feature-catalog.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS, type SmallImage } from '../fixtures/small-dataset.ts';
import { studio, temporaryFolders } from '../fixtures/studio-process.ts';
import { halfNoiseDataset } from './fusion-synthetic.ts';

const temporary = temporaryFolders();
const PYTHON = process.env['BIQA_PYTHON'] ?? '/tmp/venv/bin/python';
/** 1e-5 of the scale from 1 to 5 (issue 4, "Artefacts"). */
const TOLERANCE = 4e-5;

describe('every fold head alone', { timeout: 60_000 }, () => {
  it('says in an exported model what the catalog holds for its fold', async () => {
    const data = halfNoiseDataset(120, 9);
    const catalog = await makeFeatureCatalog(path.join(temporary('export'), 'home'), data);
    const { reader, writer, file } = catalog;
    const events = new EventHub();
    const spec = parseExperimentSpec({
      dataset: 'synthetic',
      streams: ['cliph', 'nss', 'siglip'],
      fusion: { hidden: [24, 12], pca: 10 },
      training: { epochs: 4, batch: 32 },
      protocol: { kind: 'cv', folds: 3 },
      ablation: [{ label: 'static' }, { label: 'gated', fusion: { gate: 'default' } }],
    });
    const { experiment, runs } = await createExperiment(spec, { reader, writer, events });
    const control = {
      signal: new AbortController().signal,
      intent: () => null,
      progress: () => undefined,
      fail: () => undefined,
    };
    await runExperiment({ experiment }, control, { reader, writer, events, catalogFile: file });
    for (const id of runs) {
      const stored = reader.runs.predictions(id);
      const gates = Map.groupBy(reader.runs.gates(id), (gate) => gate.image);
      for (const [fold, head] of readHeads(reader, reader.runs.get(id)).entries()) {
        const model = exportModel([head], {});
        const session = await ort.InferenceSession.create(model.onnx);
        for (const row of stored.filter((r) => r.fold === fold)) {
          const index = Number(row.name);
          const feeds = model.inputs.map(({ name, stream, dimension }) => {
            const { data: values } = data.streams.find((s) => s.id === stream)!;
            const vector = values.slice(index * dimension, (index + 1) * dimension);
            return [name, new ort.Tensor('float32', vector, [1, dimension])] as const;
          });
          const outputs = await session.run(Object.fromEntries(feeds));
          expect(Math.abs((outputs['score']!.data[0] as number) - row.prediction)).toBeLessThan(TOLERANCE);
          for (const { stream, gate } of gates.get(row.image) ?? [])
            expect(
              Math.abs((outputs['gates']!.data[model.gates!.indexOf(stream)] as number) - gate),
            ).toBeLessThan(1e-5);
        }
        await session.release();
      }
      const { inputs, gates: columns, onnx } = exportModel(readHeads(reader, reader.runs.get(id)), {});
      const wrong = columns === null ? ['nss'] : null;
      await expect(runModel(ort, { onnx, inputs, gates: wrong }, [], 0)).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringContaining('its card says score') as string,
      });
      await expect(runModel(ort, { onnx, inputs: [], gates: columns }, [], 0)).rejects.toMatchObject({
        code: 'bad-input',
      });
      const [once, again] = [await exportRun(ort, reader, id), await exportRun(ort, reader, id)];
      expect(once).toMatchObject({ heads: 3, agreement: { images: 64 } });
      expect(once.agreement.score).toBeGreaterThan(0);
      expect(once.agreement.score).toBeLessThan(TOLERANCE);
      expect(Buffer.from(once.onnx).equals(again.onnx)).toBe(true);
      expect(once.gates).toEqual(id === runs[0] ? null : ['nss', 'siglip', 'cliph']);
    }
    const other = await createExperiment(spec, { reader, writer, events });
    await expect(exportRun(ort, reader, other.runs[0]!)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('queued') as string,
    });
    await catalog.close();
  });
});

describe('on the command line', { timeout: 120_000 }, () => {
  const work = temporary('work');
  const home = temporary('home');
  const folder = path.join(work, 'rated');
  const out = path.join(work, 'new', 'model');
  const files = { model: path.join(out, 'run-1.onnx'), card: path.join(out, 'run-1.card.json') };
  let rows: SmallImage[];
  let predictions: {
    image: string;
    prediction: number;
    prediction_std: number;
    gates: Record<string, number>;
  }[];
  let features: number[][];
  const run = async <T>(...args: string[]): Promise<T> => {
    const ended = await studio([...args, '--json'], { home });
    expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
    return ended.json<T>();
  };
  const refused = async (...args: string[]) => {
    const ended = await studio([...args, '--json'], { home });
    expect(ended.code).toBe(1);
    return ended.json<{ error: { code: string; message: string; hint?: string; file?: string } }>().error;
  };

  beforeAll(async () => {
    rows = await makeSmallDataset(folder, { images: 30 });
    await run('import', folder, '--name', 'small <b>', ...SMALL_DATASET_FLAGS);
    await run('extract', '--dataset', 'small <b>', '--streams', 'nss');
    const spec = path.join(work, 'spec.json');
    writeFileSync(
      spec,
      JSON.stringify({
        dataset: 'small <b>',
        streams: ['nss'],
        fusion: { hidden: [8], gate: 'nss' },
        training: { epochs: 3, batch: 16 },
        protocol: { kind: 'cv', folds: 3, unit: 'group' },
      }),
    );
    await run('run', spec);
    const ratings = path.join(work, 'other.csv');
    writeFileSync(
      ratings,
      ['image,prediction', ...rows.map((r) => `${r.name},${r.mos + 0.1}`), ''].join('\n'),
    );
    await run('predictions', 'import', '--dataset', 'small <b>', '--name', 'other <i>', ratings);
    ({ predictions } = await run<{ predictions: typeof predictions }>('predict', '--run', '1', folder));
    await run(
      'features',
      'export',
      '--dataset',
      'small <b>',
      '--stream',
      'nss',
      '--csv',
      path.join(work, 'nss.csv'),
    );
    const lines = readFileSync(path.join(work, 'nss.csv'), 'utf8').trimEnd().split('\n').slice(1);
    features = lines.map((line) => line.split(',').slice(1).map(Number));
  }, 120_000);

  it('writes a model with its card, once', async () => {
    const written = await run<{ sha256: string }>('export', '1', '--out', out);
    const sha256 = createHash('sha256').update(readFileSync(files.model)).digest('hex');
    expect(written).toEqual({ run: 1, ...files, sha256 });
    expect(readdirSync(out).sort()).toEqual(['run-1.card.json', 'run-1.onnx']);
    const card: RunCard = runCardSchema.parse(JSON.parse(readFileSync(files.card, 'utf8')));
    expect(card).toMatchObject({
      run: { id: 1, heads: 3, preset: 'studio' },
      spec: { train: 'small <b>', fusion: { gate: 'nss' } },
      data: {
        dataset: 'small <b>',
        label: 'mos',
        scale: { min: 1, max: 5, better: 'higher' },
        folds: { unit: 'group' },
      },
      streams: [{ stream: 'nss', source: 'computed here', encoder: null }],
      metrics: { overall: { n: 30 }, ci95: { srocc: [expect.any(Number), expect.any(Number)] } },
      model: {
        file: 'run-1.onnx',
        sha256,
        opset: 20,
        inputs: [{ name: 'nss', stream: 'nss', dimension: 138 }],
        agreement: { images: 30 },
      },
    });
    expect(card.model.outputs.map(({ name, columns }) => [name, columns])).toEqual([
      ['score', null],
      ['gates', ['nss']],
      ['score_std', null],
    ]);

    expect(await refused('export', '1', '--out', out)).toMatchObject({
      code: 'conflict',
      file: files.model,
      hint: expect.stringContaining('--force') as string,
    });
    writeFileSync(files.model, 'old');
    await run('export', '1', '--out', out, '--force');
    expect(createHash('sha256').update(readFileSync(files.model)).digest('hex')).toBe(sha256);
  });

  it('says in plain onnxruntime-node what `studio predict` says', () => {
    const feeds = path.join(work, 'feeds.json');
    writeFileSync(feeds, JSON.stringify({ nss: features }));
    const script = path.resolve(import.meta.dirname, '../fixtures/run-onnx.ts');
    const ended = spawnSync(process.execPath, [script, files.model, feeds], { encoding: 'utf8' });
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    const { score, score_std, gates } = JSON.parse(ended.stdout) as Record<string, number[]>;
    expect(predictions.map((p) => path.basename(p.image))).toEqual(rows.map((r) => r.name));
    predictions.forEach((p, i) => {
      expect(Math.abs(score![i]! - p.prediction)).toBeLessThan(TOLERANCE);
      expect(Math.abs(score_std![i]! - p.prediction_std)).toBeLessThan(TOLERANCE);
      expect(Math.abs(gates![i]! - p.gates['nss']!)).toBeLessThan(1e-5);
    });
    expect(new Set(score).size).toBeGreaterThan(20);
  });

  it('says in `studio predict --model` what the run says', async () => {
    const table = path.join(work, 'scores.csv');
    const found = await run<{ run: null; model: string; predictions: typeof predictions }>(
      ...['predict', '--model', files.model, folder, '--csv', table],
    );
    expect(found).toMatchObject({ run: null, model: files.model });
    expect(found.predictions.map((p) => p.image)).toEqual(predictions.map((p) => p.image));
    found.predictions.forEach((p, i) => {
      expect(Math.abs(p.prediction - predictions[i]!.prediction)).toBeLessThan(1e-5);
      expect(Math.abs(p.prediction_std - predictions[i]!.prediction_std)).toBeLessThan(1e-5);
      expect(Math.abs(p.gates['nss']! - predictions[i]!.gates['nss']!)).toBeLessThan(1e-5);
    });
    expect(readFileSync(table, 'utf8').trimEnd().split('\n')).toHaveLength(1 + rows.length);
  });

  it('is refused by `studio predict --model` where the streams of its card do not fit', async () => {
    const place = path.join(work, 'alone');
    mkdirSync(place);
    const [model, card] = [path.join(place, 'm.onnx'), path.join(place, 'm.card.json')];
    writeFileSync(model, readFileSync(files.model));
    expect(await refused('predict', '--model', model, folder)).toMatchObject({
      code: 'not-found',
      file: card,
      message: expect.stringContaining('card is missing') as string,
    });
    const facts = runCardSchema.parse(JSON.parse(readFileSync(files.card, 'utf8')));
    const streams = [{ ...facts.streams[0]!, version: 'nss-138/0' }];
    writeFileSync(card, JSON.stringify({ ...facts, streams }));
    expect(await refused('predict', '--model', model, folder)).toMatchObject({
      code: 'not-available',
      message: expect.stringMatching(
        /Model m\.onnx uses stream "nss" \(nss-138\/0\).* it is nss-138\//,
      ) as string,
    });
    const inputs = [{ ...facts.model.inputs[0]!, dimension: 137 }];
    writeFileSync(card, JSON.stringify({ ...facts, model: { ...facts.model, inputs } }));
    expect(await refused('predict', '--model', model, folder)).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('takes 137 values of stream "nss"; it has 138 here') as string,
    });
    expect((await studio(['predict', '--model', model, '--run', '1', folder], { home })).code).toBe(2);
  });

  it.skipIf(!existsSync(PYTHON))('says the same in Python, by the example of docs/export.md', () => {
    const manual = readFileSync(path.resolve(import.meta.dirname, '../../docs/export.md'), 'utf8');
    const example = /```python\n([^]*?)```/.exec(manual)![1]!.replaceAll('run-3', 'run-1');
    writeFileSync(path.join(work, 'example.py'), example);
    for (const file of ['run-1.onnx', 'run-1.card.json'])
      writeFileSync(path.join(work, file), readFileSync(path.join(out, file)));
    const ended = spawnSync(PYTHON, ['example.py'], { cwd: work, encoding: 'utf8' });
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    const lines = ended.stdout.trimEnd().split('\n');
    expect(lines[0]).toContain('run 1 of small <b>');
    expect(lines.slice(1).map((line) => line.split('\t')[0])).toEqual(rows.map((r) => r.name));
    lines.slice(1).forEach((line, i) => {
      const [, score, std, gate] = line.split('\t').map(Number);
      expect(Math.abs(score! - predictions[i]!.prediction)).toBeLessThan(TOLERANCE);
      expect(Math.abs(std! - predictions[i]!.prediction_std)).toBeLessThan(TOLERANCE);
      expect(Math.abs(gate! - predictions[i]!.gates['nss']!)).toBeLessThan(1e-5);
    });
  });

  it('writes a report of any run that has results', async () => {
    const file = path.join(work, 'report.html');
    expect(await run('report', '1', '--out', file)).toEqual({ run: 1, file });
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('small &lt;b&gt;');
    expect(page).not.toMatch(/<script|small <b>/);
    expect(page.match(/src="data:image\/webp;base64,[A-Za-z0-9+/]{40,}=*"/g)).toHaveLength(12);
    expect(page).toContain('<h2>Mean gates</h2>');
    await run('report', '2', '--out', file);
    expect(readFileSync(file, 'utf8')).toContain('other &lt;i&gt;');
  });

  it('refuses runs without a model, and folders it can not write', async () => {
    expect(await refused('export', '2', '--out', path.join(work, 'x'))).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('no trained heads (imported, done)') as string,
    });
    expect(existsSync(path.join(work, 'x'))).toBe(false);
    expect(await refused('export', '9', '--out', work)).toMatchObject({ code: 'not-found' });
    expect(await refused('report', '9', '--out', path.join(work, 'x.html'))).toMatchObject({
      code: 'not-found',
    });
    const blocked = path.join(work, 'blocked');
    writeFileSync(blocked, '');
    expect(await refused('export', '1', '--out', blocked)).toMatchObject({
      file: expect.any(String) as string,
    });
    mkdirSync(path.join(work, 'taken', 'run-1.onnx'), { recursive: true });
    expect((await refused('export', '1', '--out', path.join(work, 'taken'), '--force')).file).toContain(
      'taken',
    );
    expect(readdirSync(path.join(work, 'taken'))).toEqual(['run-1.onnx']);
    for (const args of [
      ['export', '1'],
      ['export', '--out', work],
      ['report', '1'],
      ['report', 'x', '--out', 'y'],
    ])
      expect((await studio(args, { home })).code).toBe(2);
  });
});

import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readExportedModel } from '../../src-main/jobs/exported-model.ts';
import { makeRunCard } from '../../src-main/reports/run-card.ts';
import { detailOf, makeRun } from '../fixtures/mock-runs.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const MODEL = Buffer.from('a model');
const card = makeRunCard({
  run: {
    ...detailOf(makeRun(3, 'image', 'done')),
    metrics: null,
    streams: [{ stream: 'nss', version: 'v1', source: 'here' }],
  },
  targetLabel: 'mos',
  model: {
    file: 'run-3.onnx',
    bytes: MODEL.length,
    sha256: hash('sha256', MODEL),
    opset: 20,
    heads: 5,
    inputs: [{ name: 'nss', stream: 'nss', dimension: 138 }],
    gates: ['nss'],
    agreement: { images: 1, score: 0, gates: 0 },
  },
  encoders: {},
  machine: { cpu: 'c', cores: 1, memoryBytes: 1, platform: 'p', provider: 'cpu' },
  versions: { studio: '1', node: '24', onnxruntime: '1' },
  date: new Date(0),
});

/** A folder with a model and what lies beside it as its card; the model's path. */
function files(cardText: string | null, model: Buffer = MODEL): string {
  const file = path.join(temporary('model'), 'm.onnx');
  writeFileSync(file, model);
  if (cardText !== null) writeFileSync(file.replace('.onnx', '.card.json'), cardText);
  return file;
}

describe('an exported model', () => {
  it('comes with the tensors and stream versions of its card', async () => {
    expect(await readExportedModel(files(JSON.stringify(card)))).toEqual({
      onnx: new Uint8Array(MODEL),
      inputs: [{ name: 'nss', stream: 'nss', dimension: 138 }],
      gates: ['nss'],
      streams: [{ stream: 'nss', version: 'v1' }],
    });
    const outputs = card.model.outputs.filter(({ name }) => name !== 'gates');
    const withoutGates = { ...card, model: { ...card.model, outputs } };
    expect((await readExportedModel(files(JSON.stringify(withoutGates)))).gates).toBeNull();
  });

  it.each([
    ['no card', null, MODEL, 'not-found', /card is missing/],
    ['a card that is no JSON', '{', MODEL, 'corrupt', /Not the card of a model/],
    ['another JSON', JSON.stringify({ ...card, format: 'x' }), MODEL, 'corrupt', /format: /],
    ['a stream without version', JSON.stringify({ ...card, streams: [] }), MODEL, 'corrupt', /no version/],
    ['the card of another model', JSON.stringify(card), Buffer.from('other'), 'conflict', /another model/],
  ])('is refused with %s, which is named', async (_what, text, model, code, message) => {
    const file = files(text, model);
    await expect(readExportedModel(file)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.any(String) as string,
      file: file.replace('.onnx', '.card.json'),
    });
  });

  it('is refused where the file is missing or of another kind', async () => {
    const folder = temporary('model');
    mkdirSync(path.join(folder, 'folder.onnx'));
    await expect(readExportedModel(path.join(folder, 'gone.onnx'))).rejects.toMatchObject({
      code: 'not-found',
      file: path.join(folder, 'gone.onnx'),
    });
    await expect(readExportedModel(path.join(folder, 'run-3.card.json'))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('Not an ONNX file') as string,
    });
    await expect(readExportedModel(path.join(folder, 'folder.onnx'))).rejects.toMatchObject({
      file: path.join(folder, 'folder.onnx'),
    });
  });
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseEncoderManifest } from '../../src-shared/encoder-manifest.ts';
import { checkModel } from '../../src-main/streams/vision/onnx-check.ts';
import { exampleManifest } from './vision-example-manifest.ts';
import { FLOAT16, INT64, externalTensor, model, value } from './vision-onnx-files.ts';
import type { Graph } from './vision-onnx-files.ts';

const MODELS = path.resolve(import.meta.dirname, '../../../shared/models');
const root = mkdtempSync(path.join(os.tmpdir(), 'vision-onnx-check-'));
afterAll(() => rmSync(root, { recursive: true }));

let file: string;
beforeEach(() => {
  file = path.join(mkdtempSync(path.join(root, 'case-')), 'model.onnx');
});

type Changes = Parameters<typeof exampleManifest>[0];

function check(parts: Graph, changes: Changes = {}) {
  writeFileSync(file, model(parts));
  return checkModel(parseEncoderManifest(exampleManifest(changes), 'example.json'), file);
}

const FITTING: Graph = {
  inputs: [value('pixel_values', ['n', 3, 224, 224])],
  outputs: [value('other', ['n', 7]), value('pooled', ['n', 512])],
};

describe('a model that fits its manifest', () => {
  it('is accepted with its batch, output type and no external files', async () => {
    const checked = await check(FITTING);
    expect(checked).toMatchObject({ batch: 'dynamic', outputDtype: 'float32', externalFiles: [] });
    expect(checked.header.opset).toBe(17);
  });

  it('may have float16 input and output, a fixed batch, and open axes', async () => {
    const checked = await check(
      {
        inputs: [value('pixel_values', [4, 3, 'h', null], FLOAT16)],
        outputs: [value('pooled', null, FLOAT16)],
      },
      { input: { dtype: 'float16', batch: 4 } },
    );
    expect(checked).toMatchObject({ batch: 4, outputDtype: 'float16' });
  });

  it('decides the batch where the manifest does not know it', async () => {
    const parts = { ...FITTING, inputs: [value('pixel_values', [1, 3, 224, 224])] };
    expect(await check(parts, { input: { batch: null } })).toMatchObject({ batch: 1 });
  });

  it('may give tokens', async () => {
    const parts = { ...FITTING, outputs: [value('pooled', ['n', 257, 512])] };
    await expect(check(parts, { output: { row: 256 } })).resolves.toBeDefined();
  });

  it('has its external data beside it', async () => {
    const data = path.join(path.dirname(file), 'a-b-c');
    writeFileSync(data, new Uint8Array(10));
    const initializers = [externalTensor('w', { location: 'a-b-c', offset: '4', length: '6' })];
    expect((await check({ ...FITTING, initializers })).externalFiles).toEqual([data]);
  });

  const skipped = existsSync(MODELS) ? '' : ' (skipped: no ../shared/models)';
  it.skipIf(!existsSync(MODELS))(`is each development model${skipped}`, async () => {
    for (const [id, name, dimension] of [
      ['dbcnn-scnn', 'pooled128', 128],
      ['mobilenet-v2', 'pooled', 1280],
    ] as const) {
      const manifest = parseEncoderManifest(exampleManifest({ id, output: { name, dimension } }), id);
      const checked = await checkModel(manifest, path.join(MODELS, `${id}.onnx`));
      expect(checked.batch).toBe('dynamic');
    }
  });
});

describe('a mismatch names both sides', () => {
  const image = (shape: (number | string)[], type?: number) => ({
    ...FITTING,
    inputs: [value('pixel_values', shape, type)],
  });
  const pooled = (shape: (number | string)[], type?: number) => ({
    ...FITTING,
    outputs: [value('pooled', shape, type)],
  });
  it.each<[string, Graph, Changes, string]>([
    [
      'input name',
      { ...FITTING, inputs: [value('image', [1, 3, 224, 224])] },
      {},
      'input: manifest "pixel_values", model "image"',
    ],
    ['no input', { ...FITTING, inputs: [] }, {}, 'input: manifest "pixel_values", model none'],
    [
      'an input more',
      { ...FITTING, inputs: [...FITTING.inputs!, value('ids', [1], INT64)] },
      {},
      'input: manifest "pixel_values", model "pixel_values", "ids"',
    ],
    ['input type', image(['n', 3, 224, 224], FLOAT16), {}, 'input dtype: manifest float32, model float16'],
    [
      'size',
      image(['n', 3, 384, 384]),
      {},
      'input shape: manifest [batch, 3, 224, 224], model [n, 3, 384, 384]',
    ],
    ['layout', image(['n', 224, 224, 3]), {}, 'manifest [batch, 3, 224, 224], model [n, 224, 224, 3]'],
    ['rank', image(['n', 'k', 3, 224, 224]), {}, 'model [n, k, 3, 224, 224]'],
    ['batch', image([1, 3, 224, 224]), {}, 'batch: manifest dynamic, model 1'],
    ['batch', image(['n', 3, 224, 224]), { input: { batch: 2 } }, 'batch: manifest 2, model dynamic'],
    [
      'output name',
      FITTING,
      { output: { name: 'embedding' } },
      'output: manifest "embedding", model "other", "pooled"',
    ],
    ['output type', pooled(['n', 512], INT64), {}, 'output dtype: manifest float32 or float16, model int64'],
    ['dimension', pooled(['n', 768]), {}, 'output shape: manifest [batch, 512], model [n, 768]'],
    ['tokens', pooled(['n', 257, 512]), {}, 'output shape: manifest [batch, 512], model [n, 257, 512]'],
    ['row', pooled(['n', 4, 512]), { output: { row: 4 } }, 'output row: manifest 4, model 4 tokens'],
  ])('%s', async (_, parts, changes, text) => {
    const checked = check(parts, changes);
    await expect(checked).rejects.toThrow(expect.objectContaining({ code: 'bad-input', file }));
    await expect(checked).rejects.toThrow(text);
  });

  it('external data: missing or short', async () => {
    writeFileSync(path.join(path.dirname(file), 'short'), new Uint8Array(10));
    const initializers = [
      externalTensor('a', { location: 'gone' }),
      externalTensor('b', { location: 'short', offset: '4', length: '7' }),
    ];
    const checked = check({ ...FITTING, initializers });
    await expect(checked).rejects.toThrow(`needs "gone", there is no file ${path.dirname(file)}`);
    await expect(checked).rejects.toThrow('needs 11 bytes of "short", the file has 10');
  });

  it('all of them in one error', async () => {
    const checked = check(
      {
        inputs: [value('image', [1, 3, 224, 224])],
        outputs: [value('pooled', ['n', 768])],
      },
      {},
    );
    await expect(checked).rejects.toThrow(/"image"; output shape: .*768/);
  });
});

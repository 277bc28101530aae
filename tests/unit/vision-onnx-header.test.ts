import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { Message } from '../../src-main/graph/protobuf.ts';
import { readOnnxHeader } from '../../src-main/streams/vision/onnx-header.ts';
import {
  FLOAT16,
  INT64,
  externalTensor,
  graph,
  model,
  nodeWith,
  tensor,
  value,
} from './vision-onnx-files.ts';

const MODELS = path.resolve(import.meta.dirname, '../../../shared/models');
const folder = mkdtempSync(path.join(os.tmpdir(), 'vision-onnx-header-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = path.join(folder, 'model.onnx');
function readBytes(bytes: Uint8Array) {
  writeFileSync(file, bytes);
  return readOnnxHeader(file);
}

const PLAIN = {
  inputs: [value('image', [1, 3, 224, 224])],
  outputs: [value('embedding', [1, 512])],
};

describe('the header of an ONNX file', () => {
  it('holds names, types and shapes, fixed, open or not said, and the opset of the default domain', async () => {
    const bytes = model({
      inputs: [value('a', ['n', 3, null, 224], FLOAT16), value('ids', [2 ** 40], INT64), value('any', null)],
      outputs: [value('b', []), value('c', [1, 197, 768], 77)],
    });
    expect(await readBytes(bytes)).toEqual({
      opset: 17,
      inputs: [
        { name: 'a', dtype: 'float16', shape: ['n', 3, null, 224] },
        { name: 'ids', dtype: 'int64', shape: [2 ** 40] },
        { name: 'any', dtype: 'float32', shape: null },
      ],
      outputs: [
        { name: 'b', dtype: 'float32', shape: [] },
        { name: 'c', dtype: 'type 77', shape: [1, 197, 768] },
      ],
      external: [],
    });
  });

  it('takes an axis of -1 for an open one', async () => {
    const minusOne = Uint8Array.of(0x08, ...Array<number>(9).fill(0xff), 0x01);
    const shape = new Message().bytes(1, minusOne);
    const type = new Message().message(1, new Message().integer(1, 1).message(2, shape));
    const input = new Message().text(1, 'image').message(2, type);
    const { inputs } = await readBytes(model({ ...PLAIN, inputs: [input] }));
    expect(inputs).toEqual([{ name: 'image', dtype: 'float32', shape: [null] }]);
  });

  it('says of an input that is no tensor that it is none', async () => {
    const sequence = new Message().text(1, 's').message(2, new Message().message(4, new Message()));
    const { inputs } = await readBytes(model({ ...PLAIN, inputs: [sequence] }));
    expect(inputs).toEqual([{ name: 's', dtype: 'not a tensor', shape: null }]);
  });

  it('leaves out inputs that are initializers, and the inputs of inner graphs', async () => {
    const inner = graph({ inputs: [value('inner', [1])], outputs: [value('inner out', [1])] });
    const { inputs, outputs } = await readBytes(
      model({
        nodes: [nodeWith(6, inner)],
        inputs: [...PLAIN.inputs, value('weight', [8])],
        outputs: PLAIN.outputs,
        initializers: [tensor('weight')],
      }),
    );
    expect(inputs.map(({ name }) => name)).toEqual(['image']);
    expect(outputs.map(({ name }) => name)).toEqual(['embedding']);
  });

  it('finds external data wherever tensors are, once a file, with the bytes that it must have', async () => {
    const uuid = '6f1d3c9a-0b6e-4c57-9d3e-2f5a7f8b9c10';
    const inConstant = externalTensor('c', { location: 'more/weights.bin', length: '40' });
    const inner = graph({ nodes: [nodeWith(5, externalTensor('d', { location: 'deep' }))] });
    const { external } = await readBytes(
      model({
        ...PLAIN,
        nodes: [nodeWith(5, inConstant), nodeWith(6, inner)],
        initializers: [
          externalTensor('a', { location: uuid, offset: '4096', length: '100' }),
          externalTensor('b', { location: uuid, offset: '0', length: '4000' }),
          tensor('inside'),
        ],
      }),
    );
    expect(external).toEqual([
      { location: 'more/weights.bin', bytes: 40 },
      { location: 'deep', bytes: 0 },
      { location: uuid, bytes: 4196 },
    ]);
  });

  it.each(['../secret', '/etc/passwd', 'a/../../b', 'C:\\x', 'a\\b', '', '.', 'a//b', 'x\0y'])(
    'refuses external data at "%s"',
    async (location) => {
      const read = readBytes(model({ ...PLAIN, initializers: [externalTensor('w', { location })] }));
      await expect(read).rejects.toThrow(expect.objectContaining({ code: 'bad-input', file }));
    },
  );

  it('skips weights: 1.7 GB of them cost no memory and no time', async () => {
    const weights = 1_700_000_000;
    const large = path.join(folder, 'large.onnx');
    const initializer = concat(
      new Message().text(8, 'w').finish(),
      Uint8Array.of(0x4a), // raw_data
      varint(weights),
    );
    const graphHead = concat(Uint8Array.of(0x2a), varint(initializer.length + weights), initializer);
    const graphTail = graph(PLAIN).finish();
    const head = concat(
      Uint8Array.of(0x3a),
      varint(graphHead.length + weights + graphTail.length),
      graphHead,
    );
    const handle = await open(large, 'w');
    await handle.write(head, 0, head.length, 0);
    await handle.write(graphTail, 0, graphTail.length, head.length + weights);
    await handle.close();
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const { inputs, outputs } = await readOnnxHeader(large);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    expect([inputs[0]?.name, outputs[0]?.name]).toEqual(['image', 'embedding']);
  });

  const skipped = existsSync(MODELS) ? '' : ' (skipped: no ../shared/models)';
  it.skipIf(!existsSync(MODELS))(
    `of the development models equals onnx's own reading${skipped}`,
    async () => {
      expect(await readOnnxHeader(path.join(MODELS, 'dbcnn-scnn.onnx'))).toEqual({
        opset: 17,
        inputs: [{ name: 'pixel_values', dtype: 'float32', shape: ['n', 3, 'h', 'w'] }],
        outputs: [
          { name: 'feature_map', dtype: 'float32', shape: ['n', 128, 'fh', 'fw'] },
          { name: 'pooled128', dtype: 'float32', shape: ['n', 128] },
          { name: 'projection256', dtype: 'float32', shape: ['n', 256] },
          { name: 'distortion_logits', dtype: 'float32', shape: ['n', 39] },
        ],
        external: [],
      });
      const mobilenet = await readOnnxHeader(path.join(MODELS, 'mobilenet-v2.onnx'));
      expect(mobilenet.outputs.map(({ name, shape }) => [name, shape])).toEqual([
        ['pooled', ['n', 1280]],
        ['feature_map', ['n', 1280, 'fh', 'fw']],
        ['logits', ['n', 1001]],
      ]);
    },
  );
});

describe('bytes that are no model', () => {
  const whole = model({
    ...PLAIN,
    nodes: [nodeWith(5, tensor('t')), nodeWith(6, graph({ initializers: [tensor('u')] }))],
    initializers: [tensor('w', 300), externalTensor('e', { location: 'data', length: '7' })],
  });

  it.each([
    ['empty', new Uint8Array(0), 'no graph'],
    ['text', Buffer.from('<html><body>404</body></html>'), 'byte'],
    ['a graph that ends too late', Uint8Array.of(0x3a, 0x05, 0x0a), 'ends beyond'],
    ['an endless integer', new Uint8Array(20).fill(0xff), 'more than 10 bytes'],
    ['two graphs', concat(whole, model(PLAIN)), 'several graphs'],
    ['a graph that is a number', Uint8Array.of(0x38, 0x01), 'not a message'],
    ['a name that is not UTF-8', model({ inputs: [new Message().bytes(1, Uint8Array.of(0xff))] }), 'UTF-8'],
    ['a name of 100 kB', model({ inputs: [value('x'.repeat(100_000), [1])] }), 'a text of 100000 bytes'],
  ])('%s: refused with a reason', async (_, bytes, reason) => {
    const read = readBytes(bytes);
    await expect(read).rejects.toThrow(expect.objectContaining({ code: 'bad-input', file }));
    await expect(read).rejects.toThrow(reason);
  });

  it('graphs within graphs within graphs: refused, not followed for ever', async () => {
    let inner = graph({});
    for (let i = 0; i < 40; i++) inner = graph({ nodes: [nodeWith(6, inner)] });
    const read = readBytes(new Message().message(7, inner).finish());
    await expect(read).rejects.toThrow('nested more than 16 deep');
  });

  it('cut anywhere, or with bytes changed, are read or refused as StudioError, nothing else', async () => {
    const damaged = fc.oneof(
      fc.integer({ min: 0, max: whole.length }).map((length) => whole.slice(0, length)),
      fc
        .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
        .map((changes) => {
          const bytes = Uint8Array.from(whole);
          for (const [at, byte] of changes) bytes[at] = byte;
          return bytes;
        }),
      fc.uint8Array({ maxLength: 200 }),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        const error = await readBytes(bytes).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (error === null) return;
        refused++;
        expect(error).toBeInstanceOf(StudioError);
        expect((error as StudioError).code).toBe('bad-input');
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('a folder, or nothing at all: said as such', async () => {
    await expect(readOnnxHeader(folder)).rejects.toThrow('not a file');
    await expect(readOnnxHeader(path.join(folder, 'none'))).rejects.toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
  });
});

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function varint(number: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

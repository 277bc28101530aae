import { execFileSync } from 'node:child_process';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src-main/fusion/random.ts';
import { loadOnnxRuntime } from '../../src-main/graph/c-api.ts';
import {
  copyingSession,
  directSession,
  openAllInPlace,
  openInPlace,
  type InPlaceSession,
  type Place,
} from '../../src-main/graph/in-place.ts';
import { writeOnnx } from '../../src-main/graph/onnx-writer.ts';
import { add, addGram, matmul } from '../../src-main/graph/operators.ts';
import { input } from '../../src-main/graph/tensor.ts';

const place = (values: number[] | Float32Array, ...shape: number[]): Place => ({
  values: Float32Array.from(values),
  shape,
});

/** a b and a b + c, a [2, 3]. */
const MODEL = (() => {
  const product = matmul(input('a', [2, 3]), input('b', [3, 'batch']));
  return writeOnnx({ product, sum: add(product, input('c', [2, 'batch'])) });
})();
const NO_MODEL = Uint8Array.of(1, 2, 3);

const runtime = await loadOnnxRuntime();

it('calls the library of ONNX Runtime itself on this machine', () => {
  expect(runtime).not.toBeNull();
});

const KINDS: [string, (model: Uint8Array) => InPlaceSession | Promise<InPlaceSession>][] = [
  ['the library itself', (model) => directSession(runtime!, model, 1)],
  ['onnxruntime-node, where that can not be called', (model) => copyingSession(ort, model, 1)],
];

describe.each(KINDS)('a session in place, by %s', (_, open) => {
  it('reads inputs and writes outputs where they are, each time anew', async () => {
    const session = await open(MODEL);
    const [a, b, c] = [place([1, 2, 3, 4, 5, 6], 2, 3), place([1, 0, -1], 3, 1), place([10, 20], 2, 1)];
    const [product, sum] = [place([0, 0], 2, 1), place([0, 0], 2, 1)];
    const run = session.bind({ a, b, c }, { product, sum });
    await run();
    expect([...product.values, ...sum.values]).toEqual([-2, -2, 8, 18]);
    b.values.set([0, 0, 2]);
    await run();
    expect([...product.values, ...sum.values]).toEqual([6, 12, 16, 32]);
    await session.release();
  });

  it('can be bound more than once, for different numbers of images and some of the outputs', async () => {
    const session = await open(MODEL);
    const a = place([1, 2, 3, 4, 5, 6], 2, 3);
    const [one, two] = [place([0, 0, 0, 0], 2, 2), place([0, 0], 2, 1)];
    const [b2, c2] = [place([1, 0, 0, 1, 0, 0], 3, 2), place([0, 0, 0, 0], 2, 2)];
    const [b1, c1] = [place([0, 0, 1], 3, 1), place([1, 1], 2, 1)];
    const wide = session.bind({ a, b: b2, c: c2 }, { product: one });
    const narrow = session.bind({ a, b: b1, c: c1 }, { sum: two });
    await narrow();
    await wide();
    expect([[...one.values], [...two.values]]).toEqual([
      [1, 2, 4, 5],
      [4, 7],
    ]);
    await session.release();
  });

  it('works in double precision', async () => {
    const shape = [1, 1];
    const [total, column] = [input('total', shape, 'float64'), input('column', [2, 1], 'float64')];
    const session = await open(writeOnnx({ sum: addGram(total, column, column) }));
    const inputs = {
      total: { values: Float64Array.of(1), shape },
      column: { values: Float64Array.of(1, 1e-6), shape: [2, 1] },
    };
    const sum = new Float64Array(1);
    await session.bind(inputs, { sum: { values: sum, shape } })();
    expect(sum[0]).toBeCloseTo(2 + 1e-12, 14);
    await session.release();
  });

  it('throws what ONNX Runtime says: no model, a name that is not there, an output of another size', async () => {
    await expect((async () => open(NO_MODEL))()).rejects.toThrow(/protobuf/i);
    const session = await open(MODEL);
    const [a, b, c] = [place([1, 2, 3, 4, 5, 6], 2, 3), place([1, 2, 3], 3, 1), place([0, 0], 2, 1)];
    const product = place([0, 0], 2, 1);
    const run = async (...places: Parameters<InPlaceSession['bind']>) => session.bind(...places)();
    await expect(run({ a, b, other: c }, { product })).rejects.toThrow(/'c'|other/);
    await expect(run({ a, b, c }, { product: place([0], 1, 1) })).rejects.toThrow(/dimensions/);
    await expect(run({ a, b: { ...b, shape: [3, 100] }, c }, { product })).rejects.toThrow(/size|space/i);
    await run({ a, b, c }, { product });
    expect([...product.values]).toEqual([14, 32]);
    await session.release();
  });
});

it('both kinds give the same bits for the products of a training step', async () => {
  const random = new Random(5);
  const values = (...shape: number[]): Place => ({
    values: Float32Array.from({ length: shape[0]! * shape[1]! }, () => 2 * random.uniform() - 1),
    shape,
  });
  const model = writeOnnx({ y: matmul(input('w', [512, 650]), input('x', [128, 650]), { b: true }) });
  const inputs = { w: values(512, 650), x: values(128, 650) };
  const outputs: Uint8Array[] = [];
  for (const [, open] of KINDS) {
    const session = await open(model);
    const y = new Float32Array(512 * 128);
    await session.bind(inputs, { y: { values: y, shape: [512, 128] } })();
    outputs.push(new Uint8Array(y.buffer));
    await session.release();
  }
  expect(outputs[0]).toEqual(outputs[1]);
});

it('refuses to run what was released', async () => {
  const session = directSession(runtime!, MODEL, 1);
  const [a, b, c] = [place([1, 2, 3, 4, 5, 6], 2, 3), place([1, 2, 3], 3, 1), place([0, 0], 2, 1)];
  const run = session.bind({ a, b, c }, { product: place([0, 0], 2, 1) });
  await session.release();
  await expect(run()).rejects.toThrow(/released/);
  expect(() => session.bind({ a, b, c }, {})).toThrow(/released/);
  await session.release();
});

it('lets others have a turn between runs that wait for nothing', async () => {
  const session = directSession(runtime!, MODEL, 1);
  const [a, b, c] = [place([1, 2, 3, 4, 5, 6], 2, 3), place([1, 2, 3], 3, 1), place([0, 0], 2, 1)];
  const run = session.bind({ a, b, c }, { product: place([0, 0], 2, 1) });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const end = performance.now() + 200;
  while (performance.now() < end) await run();
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(3);
  await session.release();
});

it('keeps the library loaded, whoever else holds it', () => {
  const api = new URL('../../src-main/graph/c-api.ts', import.meta.url).href;
  const program = `
    const { loadOnnxRuntime } = await import('${api}');
    const runtime = await loadOnnxRuntime();
    for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate); }
    try { runtime.openSession(Uint8Array.of(1), 1); } catch (error) { process.stdout.write(error.message); }`;
  const flags = ['--expose-gc', '--input-type=module', '--eval', program];
  expect(execFileSync(process.execPath, flags, { encoding: 'utf8' })).toMatch(/protobuf/i);
});

it('takes onnxruntime-node where koffi can not be loaded', () => {
  const at = (file: string): string => new URL(file, import.meta.url).href;
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(name, context, next) {
        if (name === 'koffi') throw new Error('no koffi on this machine');
        return next(name, context);
      },
    });
    const ort = await import('onnxruntime-node');
    const { openInPlace } = await import('${at('../../src-main/graph/in-place.ts')}');
    const { loadOnnxRuntime } = await import('${at('../../src-main/graph/c-api.ts')}');
    const session = await openInPlace(ort, Buffer.from('${Buffer.from(MODEL).toString('base64')}', 'base64'), 1);
    const place = (shape, ...values) => ({ values: Float32Array.from(values), shape });
    const product = place([2, 1], 0, 0);
    const inputs = { a: place([2, 3], 1, 2, 3, 4, 5, 6), b: place([3, 1], 1, 2, 3), c: place([2, 1], 0, 0) };
    await session.bind(inputs, { product })();
    process.stdout.write(JSON.stringify([await loadOnnxRuntime(), [...product.values]]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual([null, [14, 32]]);
});

it('opens several sessions or none', async () => {
  await expect(openAllInPlace(ort, [MODEL, NO_MODEL], 1)).rejects.toThrow(/protobuf/i);
  const session = await openInPlace(ort, MODEL, 1);
  await session.release();
});

/** Adding an encoder from a folder, as the window does: by ids and names only, and never from outside the root. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../src-main/engine.ts';
import type { EncoderFolder } from '../../src-shared/encoder-folder.ts';
import { draftManifest, manifestFrom } from '../../src-shared/manifest-draft.ts';
import { apiOf, failure } from '../fixtures/engine-client.ts';
import { smallEncoder, writeSmallEncoder } from '../fixtures/onnx-encoder.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';
import { resultOf } from '../fixtures/use-engine.ts';

const temporary = temporaryFolders();
const root = temporary('root');
const outside = temporary('outside');
const home = temporary('home');
let engine: Engine;
let api: ReturnType<typeof apiOf>;

beforeAll(async () => {
  process.env['HF_HUB_CACHE'] = temporary('hub');
  process.env['HF_HUB_OFFLINE'] = '1';
  engine = await startEngine({ home, root });
  api = apiOf(engine, 'window');
});
afterAll(() => engine.close());

/** A new folder below the root and the id that the window gets for it. */
async function folder(name: string): Promise<{ at: string; id: string }> {
  const at = path.join(root, name);
  mkdirSync(at);
  const { folders } = await api.folders.start.query();
  return { at, id: folders.find((entry) => entry.name === name)!.id };
}

const look = (id: string): Promise<EncoderFolder> => api.encoders.inFolder.query({ folder: id });
/** User manifests in the home: what a refused or cancelled addition must not change. */
const kept = (): string[] =>
  existsSync(path.join(home, 'encoders')) ? readdirSync(path.join(home, 'encoders')).sort() : [];

describe('a folder', () => {
  it('shows manifests, models with the facts of their headers, and which fit which', async () => {
    const { at, id } = await folder('mixed');
    writeSmallEncoder(at, { id: 'fitting', external: 'weights.bin' });
    const { model } = smallEncoder({ dimension: 24, row: 2, dtype: 'float16' });
    writeFileSync(path.join(at, 'tokens.onnx'), model);
    writeFileSync(path.join(at, 'broken.onnx'), 'no model');
    writeFileSync(path.join(at, 'config.json'), JSON.stringify({ architectures: ['ViT'], id: 5 }));
    writeFileSync(path.join(at, 'half.json'), '{"id": ');
    mkdirSync(path.join(at, 'folder.json'));
    const found = await look(id);
    expect(found).toMatchObject({ id, path: at, leftOut: 0 });
    const { models, manifests } = found;
    expect(models.map(({ file }) => file)).toEqual(['broken.onnx', 'fitting.onnx', 'tokens.onnx']);
    expect(models[0]).toMatchObject({
      header: null,
      error: { code: 'bad-input', hint: expect.any(String) as string },
    });
    expect(models[1]!.header).toEqual({
      opset: 17,
      inputs: [{ name: 'pixel_values', dtype: 'float32', shape: ['n', 3, 32, 32] }],
      outputs: [{ name: 'embedding', dtype: 'float32', shape: ['n', 16] }],
      external: [{ location: 'weights.bin', bytes: expect.any(Number) as number, state: 'there' }],
    });
    expect(manifests.map(({ file }) => file)).toEqual(['config.json', 'fitting.json', 'half.json']);
    expect(manifests[0]!.encoder).toBeNull();
    expect(manifests[0]!.error!.message).toMatch(/"id": .*; .*; .*; and \d+ more$/);
    expect(manifests[2]!.error!.message).toContain('not a JSON manifest');
    expect(manifests[1]).toMatchObject({
      encoder: { id: 'fitting', dimension: 16, repository: null },
      error: null,
    });
    expect(manifests[1]!.fits).toEqual([
      { model: 'fitting.onnx', mismatches: [] },
      {
        model: 'tokens.onnx',
        mismatches: [
          'input dtype: manifest float32, model float16',
          'output shape: manifest [batch, 16], model [n, 16, 24]',
        ],
      },
    ]);
  });

  it('with missing or short external data says so', async () => {
    const { at, id } = await folder('incomplete');
    const { model, external } = smallEncoder({ external: 'w.bin' });
    writeFileSync(path.join(at, 'm.onnx'), model);
    const state = async () => (await look(id)).models[0]!.header!.external[0]!.state;
    expect(await state()).toBe('missing');
    writeFileSync(path.join(at, 'w.bin'), external!.subarray(1));
    expect(await state()).toBe('short');
  });

  it('with hundreds of files is not read to the end', async () => {
    const { at, id } = await folder('many');
    for (let i = 0; i < 45; i++) writeFileSync(path.join(at, `${i}.json`), '{}');
    const { manifests, leftOut } = await look(id);
    expect([manifests.length, leftOut]).toEqual([40, 5]);
  });
});

describe('adding', () => {
  it('a manifest with its model: copied into the home, verified by a job, ready, and probed', async () => {
    const { at, id } = await folder('good');
    writeSmallEncoder(at, { id: 'good', external: 'weights.bin' });
    const added = await api.encoders.addFromFolder.mutate({
      folder: id,
      manifest: { file: 'good.json' },
      model: 'good.onnx',
    });
    expect(added.id).toBe('good');
    await resultOf(engine, added.job!);
    const view = await api.encoders.get.query({ id: 'good' });
    expect(view).toMatchObject({ state: 'ready', builtIn: false, localModel: path.join(at, 'good.onnx') });
    expect(view.version).toContain('+cpu-float32+');
    expect(JSON.parse(readFileSync(path.join(home, 'encoders/good.json'), 'utf8'))).toEqual(
      JSON.parse(readFileSync(path.join(at, 'good.json'), 'utf8')),
    );
    const { job } = await api.encoders.probe.mutate({ id: 'good', device: 'cpu' });
    expect(await resultOf(engine, job)).toMatchObject({ chosen: 'cpu' });
    // The version is that of the provider in use, not always the CPU's.
    await engine.services.encoders.noteProvider('good', 'webgpu');
    const chosen = await api.encoders.get.query({ id: 'good' });
    expect([chosen.provider, chosen.version]).toEqual(['webgpu', view.version!.replace('+cpu-', '+webgpu-')]);
  });

  it('a model without a manifest: the window writes one from the header', async () => {
    const { at, id } = await folder('bare');
    writeFileSync(path.join(at, 'Thesis Net.onnx'), smallEncoder({ row: 1, batch: 4 }).model);
    const { models, manifests } = await look(id);
    expect(manifests).toEqual([]);
    const draft = { ...draftManifest(models[0]!), licence: 'own', source: 'my thesis' };
    const written = manifestFrom(draft, models[0]!.file);
    const added = await api.encoders.addFromFolder.mutate({
      folder: id,
      manifest: { written },
      model: 'Thesis Net.onnx',
    });
    await resultOf(engine, added.job!);
    expect(await api.encoders.get.query({ id: 'thesis-net' })).toMatchObject({
      ...{ state: 'ready', dimension: 16, inputSize: 32, licence: 'own' },
    });
    expect(JSON.parse(readFileSync(path.join(home, 'encoders/thesis-net.json'), 'utf8'))).toEqual(written);
  });

  it('that is refused says why and changes nothing', async () => {
    const { at, id } = await folder('refused');
    writeSmallEncoder(at, { id: 'misfit' });
    writeFileSync(path.join(at, 'other.onnx'), smallEncoder({ dimension: 24 }).model);
    writeSmallEncoder(at, { id: 'clip-vit-b32' });
    const before = kept();
    const add = (manifest: { file: string } | { written: Record<string, unknown> }, model: string | null) =>
      failure(api.encoders.addFromFolder.mutate({ folder: id, manifest, model }));
    expect(await add({ file: 'misfit.json' }, 'other.onnx')).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('manifest [batch, 16], model [n, 24]') as string,
      hint: expect.any(String) as string,
    });
    expect(await add({ file: 'clip-vit-b32.json' }, 'clip-vit-b32.onnx')).toMatchObject({
      code: 'conflict',
      hint: 'Give yours another id.',
    });
    expect(await add({ file: 'gone.json' }, null)).toMatchObject({ code: 'not-found' });
    expect(await add({ written: { id: 'x' } }, 'other.onnx')).toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/written here: .*; .*; .*; and \d+ more$/) as string,
    });
    expect(kept()).toEqual(before);
  });
});

describe('a window stays below the root', () => {
  it('names files by plain names of a folder that it has an id of', async () => {
    const { at, id } = await folder('names');
    writeSmallEncoder(at, { id: 'plain' });
    writeSmallEncoder(outside, { id: 'secret' });
    const before = kept();
    const secret = path.join(outside, 'secret.json');
    for (const file of [
      secret,
      path.relative(at, secret),
      '../names/plain.json',
      'a\\b',
      '.',
      '..',
      'a\0b',
    ]) {
      const shape = await failure(
        api.encoders.addFromFolder.mutate({ folder: id, manifest: { file }, model: null }),
      );
      expect([file, shape.code]).toEqual([file, 'bad-input']);
      const asModel = api.encoders.addFromFolder.mutate({
        folder: id,
        manifest: { file: 'plain.json' },
        model: file,
      });
      expect((await failure(asModel)).code).toBe('bad-input');
    }
    for (const unknown of ['nope', at, outside]) {
      expect(await failure(look(unknown))).toMatchObject({ code: 'not-found' });
    }
    expect(await failure(api.encoders.add.mutate({ manifest: secret, model: null }))).toMatchObject({
      code: 'forbidden',
    });
    expect(kept()).toEqual(before);
  });

  it('does not follow links out of it: manifest, model, or external data', async () => {
    const { at, id } = await folder('links');
    writeSmallEncoder(outside, { id: 'leak', external: 'leak.bin' });
    writeSmallEncoder(at, { id: 'inner', external: 'inner.bin' });
    symlinkSync(path.join(outside, 'leak.json'), path.join(at, 'leak.json'));
    symlinkSync(path.join(outside, 'leak.onnx'), path.join(at, 'leak.onnx'));
    writeFileSync(path.join(at, 'lure.onnx'), smallEncoder({ external: 'lure.bin' }).model);
    symlinkSync(path.join(outside, 'leak.bin'), path.join(at, 'lure.bin'));
    const found = await look(id);
    expect(found.manifests.map(({ file }) => file)).toEqual(['inner.json']);
    expect(found.models.map(({ file }) => file)).toEqual(['inner.onnx', 'lure.onnx']);
    expect(found.models[1]!.header!.external[0]!.state).toBe('outside');
    const before = kept();
    for (const [manifest, model] of [
      ['leak.json', null],
      ['inner.json', 'leak.onnx'],
      ['inner.json', 'lure.onnx'],
    ] as const) {
      const adding = api.encoders.addFromFolder.mutate({ folder: id, manifest: { file: manifest }, model });
      expect(await failure(adding)).toMatchObject({ code: 'forbidden', hint: expect.any(String) as string });
    }
    expect(kept()).toEqual(before);
  });

  it('refuses a manifest whose files lead out of it', async () => {
    const { at, id } = await folder('upwards');
    const { manifest, model } = smallEncoder({ id: 'upwards' });
    writeFileSync(path.join(at, 'm.onnx'), model);
    writeFileSync(path.join(outside, 'beside.bin'), 'x');
    // Companions lie as the manifest has them relative to its model: here two folders up.
    const beside = path.relative(path.join(at, '../..'), path.join(outside, 'beside.bin'));
    const files = [
      { path: 'a/b/model.onnx', bytes: null, sha256: null, role: 'model' },
      { path: beside, bytes: null, sha256: null, role: 'external' },
    ];
    const adding = api.encoders.addFromFolder.mutate({
      folder: id,
      manifest: { written: { ...manifest, files } },
      model: 'm.onnx',
    });
    expect((await failure(adding)).code).toBe('forbidden');
  });

  it('follows links that stay below it, as those of the hub cache', async () => {
    const { at, id } = await folder('cache');
    mkdirSync(path.join(at, 'blobs'));
    const { model, manifest } = writeSmallEncoder(path.join(at, 'blobs'), { id: 'linked' });
    symlinkSync(model, path.join(at, 'model.onnx'));
    symlinkSync(manifest, path.join(at, 'linked.json'));
    const added = await api.encoders.addFromFolder.mutate({
      folder: id,
      manifest: { file: 'linked.json' },
      model: 'model.onnx',
    });
    await resultOf(engine, added.job!);
    expect((await api.encoders.get.query({ id: 'linked' })).localModel).toBe(path.join(at, 'model.onnx'));
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    const { at, id } = await folder('pipes');
    execFileSync('mkfifo', [path.join(at, 'pipe.json')]);
    execFileSync('mkfifo', [path.join(at, 'pipe.onnx')]);
    expect(await look(id)).toMatchObject({ manifests: [], models: [] });
    const adding = api.encoders.addFromFolder.mutate({
      folder: id,
      manifest: { file: 'pipe.json' },
      model: null,
    });
    expect(await failure(adding)).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('Not a file') as string,
    });
  });
});

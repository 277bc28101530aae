/** From the hub to features with the `studio` command: download, verify, extract, remove. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EncoderList, EncoderView } from '../../src-shared/encoders.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { startLoopbackHub, type HubFile, type LoopbackHub } from '../fixtures/loopback-hub.ts';
import { vitEncoder } from '../fixtures/onnx-encoder.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import { studio, temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const data = temporary('data');
const IMAGES = 40;
const UUID = '0b7a3f5e-1234-4abc-9def-0123456789ab';
/** ViT-B/32 in small: the same graph, 1.3 million weights. */
const SHAPE = { side: 224, patch: 32, width: 192, layers: 3, heads: 3, dimension: 64 };
const GRAPH = 'visual/model.onnx';
let hub: LoopbackHub;
let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  await makeSmallDataset(path.join(data, 'rated'), { images: IMAGES, width: 240, height: 180 });
  const { manifest, model, external } = vitEncoder(SHAPE, UUID);
  const lfs = (content: Uint8Array): HubFile => ({ content, lfs: true });
  hub = await startLoopbackHub({
    repo: 'tests/vit',
    files: { [GRAPH]: lfs(model), [`visual/${UUID}`]: lfs(external!) },
  });
  const json = {
    ...manifest,
    id: 'tiny-vit',
    hub: { repository: hub.repo, revision: null },
    files: [{ path: GRAPH, bytes: null, sha256: null, role: 'model' }],
  };
  writeFileSync(path.join(data, 'tiny-vit.json'), JSON.stringify(json));
});
afterAll(() => hub.close());

beforeEach(async () => {
  home = temporary('home');
  env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: temporary('cache'), HF_HUB_OFFLINE: '0', HF_TOKEN: '' };
  hub.faults.length = 0;
  hub.seen.length = 0;
  await run('encoders', 'add', path.join(data, 'tiny-vit.json'));
});

async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const ended = await studio([...args, '--json'], { home, env });
  expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
  return ended.json<T>();
}
const encoder = async (): Promise<EncoderView> =>
  (await run<EncoderList>('encoders', 'list')).encoders.find((e) => e.id === 'tiny-vit')!;
const importDataset = () =>
  run('import', path.join(data, 'rated'), '--name', 'rated', ...SMALL_DATASET_FLAGS);
const EXTRACT = ['extract', '--dataset', 'rated', '--streams', 'tiny-vit', '--device', 'cpu'];

/** Files below a folder that a finished download must not leave. */
function leftOver(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) =>
    /incomplete|\.lock$|\.tmp$/.test(f),
  );
}

describe('an encoder of the hub', { timeout: 120_000 }, () => {
  it('downloads with its external data under a UUID, extracts, verifies and goes', async () => {
    expect(await encoder()).toMatchObject({ state: 'missing', bytesThere: 0, version: null });
    await importDataset();
    const refused = await studio([...EXTRACT, '--json'], { home, env });
    expect([refused.code, refused.json()]).toMatchObject([
      1,
      { error: { code: 'not-available', hint: 'Do: studio encoders download tiny-vit' } },
    ]);

    const result = await run('encoders', 'download', 'tiny-vit');
    expect(result).toMatchObject({ encoder: 'tiny-vit', files: 2, commit: hub.commit, state: 'ready' });
    const ready = await encoder();
    expect(ready.files.map((f) => [f.path, f.there === f.bytes])).toEqual([
      [GRAPH, true],
      [`visual/${UUID}`, true],
    ]);
    expect(leftOver(env['HF_HUB_CACHE']!)).toEqual([]);

    const { streams, device } = await run<ExtractResult>(...EXTRACT);
    expect([device, streams]).toMatchObject(['cpu', [{ done: IMAGES, failed: 0, version: ready.version }]]);
    expect((await run<{ files: unknown[] }>('encoders', 'verify', 'tiny-vit')).files).toHaveLength(2);
    expect(await run('encoders', 'probe', 'tiny-vit', '--device', 'cpu')).toMatchObject({
      chosen: 'cpu',
      trials: [
        { provider: 'cpu', ok: true, difference: 0, millisecondsPerCrop: expect.any(Number) as number },
      ],
    });

    hub.seen.length = 0;
    await run('encoders', 'download', 'tiny-vit');
    expect(hub.seen).toEqual([]);

    const removed = await run('encoders', 'remove', 'tiny-vit');
    expect(removed).toMatchObject({
      manifest: true,
      bytes: ready.bytes,
      features: { datasets: 1, pictures: IMAGES },
    });
    expect(readdirSync(env['HF_HUB_CACHE']!)).toEqual([]);
    expect(existsSync(path.join(home, 'encoders', 'tiny-vit.json'))).toBe(false);
  });

  it('that another file took the place of is refused from then on', async () => {
    await run('encoders', 'download', 'tiny-vit');
    const blobs = path.join(env['HF_HUB_CACHE']!, 'models--tests--vit', 'blobs');
    const [blob] = readdirSync(blobs).map((name) => path.join(blobs, name));
    const bytes = readFileSync(blob!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(blob!, bytes);
    const verified = await studio(['encoders', 'verify', 'tiny-vit', '--json'], { home, env });
    expect([verified.code, verified.json()]).toMatchObject([1, { error: { code: 'corrupt' } }]);
    expect(await encoder()).toMatchObject({
      state: 'mismatch',
      detail: expect.stringContaining('sha256') as string,
    });
    // The download finds the damage and mends it.
    await run('encoders', 'download', 'tiny-vit');
    expect((await encoder()).state).toBe('ready');
  });
});

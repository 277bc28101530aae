/** Models of the hub, in one file and with external data under a bare UUID: downloaded, run, and compared with a bare
 *  loop of ONNX Runtime. With BIQA_LARGE=1 they are as large as ViT-B/32 (351 MB each). */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EncoderManifest } from '../../src-shared/encoder-manifest.ts';
import type { EncoderView } from '../../src-shared/encoders.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { startLoopbackHub, type HubFile, type LoopbackHub } from '../fixtures/loopback-hub.ts';
import { vitEncoder, type VitShape } from '../fixtures/onnx-encoder.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import { largestDifference, straightEmbeddings } from '../fixtures/straight-embeddings.ts';
import { studio, temporaryFolders } from '../fixtures/studio-process.ts';

const LARGE = process.env['BIQA_LARGE'] === '1';
/** ViT-B/32 (the fixture's default), or the same graph with 1.3 million weights. */
const SHAPE: VitShape | undefined = LARGE
  ? undefined
  : { side: 224, patch: 32, width: 192, layers: 3, heads: 3, dimension: 64 };
const IMAGES = 6;
const GRAPH = 'visual/model.onnx';
const UUID = '0b7a3f5e-1234-4abc-9def-0123456789ab';

const temporary = temporaryFolders();
const data = temporary('data');
const home = temporary('home');
const cache = temporary('cache');
let hub: LoopbackHub;

beforeAll(async () => {
  hub = await startLoopbackHub({ repo: 'tests/vit' });
  await makeSmallDataset(path.join(data, 'rated'), { images: IMAGES, width: 240, height: 180 });
  await run('import', path.join(data, 'rated'), '--name', 'rated', ...SMALL_DATASET_FLAGS);
}, 60_000);
afterAll(() => hub.close());

async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '0', HF_TOKEN: '' };
  const ended = await studio([...args, '--json'], { home, env });
  expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
  return ended.json<T>();
}

/** Offers the model on the hub and gives its manifest, which knows neither sizes nor external files. */
function offer(id: string, external: string | undefined): EncoderManifest {
  const made = vitEncoder(SHAPE, external);
  const lfs = (content: Uint8Array): HubFile => ({ content, lfs: true });
  hub.files.clear();
  hub.files.set(GRAPH, lfs(made.model));
  if (external !== undefined) hub.files.set(`visual/${external}`, lfs(made.external!));
  return {
    ...made.manifest,
    id,
    hub: { repository: hub.repo, revision: null },
    files: [{ path: GRAPH, bytes: null, sha256: null, role: 'model' }],
  };
}

describe('a dynamic-batch vision transformer', { timeout: 300_000 }, () => {
  it.each([
    ['in one file', 'vit-whole', undefined],
    ['with external data under a bare UUID', 'vit-external', UUID],
  ])('%s downloads from the hub and gives the embeddings of a bare run', async (_, id, external) => {
    const manifest = offer(id, external);
    const files = external === undefined ? [GRAPH] : [GRAPH, `visual/${external}`];
    const file = path.join(data, `${id}.json`);
    writeFileSync(file, JSON.stringify(manifest));
    hub.seen.length = 0;
    const added = await run<{ encoder: EncoderView }>('encoders', 'add', file);
    expect(added.encoder).toMatchObject({ id, state: 'missing' });

    const started = performance.now();
    const downloaded = await run<{ bytes: number }>('encoders', 'download', id);
    const seconds = (performance.now() - started) / 1000;
    expect(downloaded).toMatchObject({ files: files.length, state: 'ready' });
    // The file list once; then for each file its facts from the hub, and its bytes from where those point to.
    expect(hub.seen.map(({ server, kind }) => `${server} ${kind}`)).toEqual([
      'hub tree',
      ...files.flatMap(() => ['hub head', 'store body']),
    ]);

    const { streams } = await run<ExtractResult>('extract', '--dataset', 'rated', '--streams', id);
    expect(streams).toMatchObject([{ done: IMAGES, failed: 0, reused: 0 }]);
    const csv = path.join(data, `${id}.csv`);
    await run('features', 'export', '--dataset', 'rated', '--stream', id, '--csv', csv);
    const [, ...lines] = readFileSync(csv, 'utf8').trim().split('\n');
    const actual = lines.map((line) => line.split(',').slice(1).map(Number));
    expect(actual.flat().every(Number.isFinite)).toBe(true);

    const snapshot = path.join(cache, 'models--tests--vit', 'snapshots', hub.commit);
    const pictures = readdirSync(path.join(data, 'rated', 'images')).sort();
    const expected = await straightEmbeddings(
      manifest,
      path.join(snapshot, GRAPH),
      pictures.map((name) => path.join(data, 'rated', 'images', name)),
    );
    const difference = largestDifference(actual, expected);
    console.log(
      `${id}: ${(downloaded.bytes / 1e6).toFixed(1)} MB downloaded and checked in ${seconds.toFixed(1)} s, ` +
        `${IMAGES} pictures in ${streams[0]!.seconds.toFixed(1)} s, largest difference ${difference.toExponential(1)}`,
    );
    expect(difference).toBeLessThan(1e-5);
    if (LARGE) expect(downloaded.bytes).toBeGreaterThan(350e6);

    await run('encoders', 'remove', id);
    expect(existsSync(snapshot)).toBe(false);
  });
});

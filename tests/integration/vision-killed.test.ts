/** kill -9 of the engine in mid-download and in mid-extraction: what is done again, and what lies around afterwards. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src-main/cli/client.ts';
import type { ExtractResult } from '../../src-shared/jobs.ts';
import { encoderProcesses } from '../fixtures/encoder-processes.ts';
import { etagOf, startLoopbackHub, type HubFile, type LoopbackHub } from '../fixtures/loopback-hub.ts';
import { vitEncoder } from '../fixtures/onnx-encoder.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import {
  featuresIn,
  startStudio,
  studio,
  temporaryFolders,
  type Running,
} from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const data = temporary('data');
const IMAGES = 120;
/** Images that an extraction stores at a time, and bytes that the hub sends at a time. */
const BATCH = 32;
const CHUNK = 64 * 1024;
const UUID = '0b7a3f5e-1234-4abc-9def-0123456789ab';
const SHAPE = { side: 224, patch: 32, width: 192, layers: 3, heads: 3, dimension: 64 };
const GRAPH = 'visual/model.onnx';
const WEIGHTS = `visual/${UUID}`;
let hub: LoopbackHub;
let home: string;
let cache: string;
let tmp: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  await makeSmallDataset(path.join(data, 'rated'), { images: IMAGES, width: 240, height: 180 });
  const { manifest, model, external } = vitEncoder(SHAPE, UUID);
  const lfs = (content: Uint8Array): HubFile => ({ content, lfs: true });
  hub = await startLoopbackHub({
    repo: 'tests/vit',
    files: { [GRAPH]: lfs(model), [WEIGHTS]: lfs(external!) },
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
  [home, cache, tmp] = [temporary('home'), temporary('cache'), temporary('tmp')];
  env = {
    HF_ENDPOINT: hub.endpoint,
    HF_HUB_CACHE: cache,
    HF_HUB_OFFLINE: '0',
    HF_TOKEN: '',
    // Of its own, so that whatever is left there is this engine's.
    TMPDIR: tmp,
    HOME: tmp,
    XDG_CACHE_HOME: '',
    ORT_DISABLE_TELEMETRY: '', // the engine must see to it
  };
  hub.faults.length = 0;
  hub.seen.length = 0;
  await run('encoders', 'add', path.join(data, 'tiny-vit.json'));
});

async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const ended = await studio([...args, '--json'], { home, env });
  expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
  return ended.json<T>();
}

/** An engine in a process of its own, and the API of it. */
async function startEngine() {
  const engine = startStudio(['serve'], { home, env });
  await engine.says(/BIQA Studio: /);
  return { engine, client: await connect(home) };
}

async function kill({ child, ended }: Running): Promise<void> {
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
}

/** Every file of home, hub cache and temporary folder, but the log, which is there to stay. */
const files = () => ({ home: filesOf(home), cache: filesOf(cache), tmp: filesOf(tmp) });
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('logs/'))
    .sort();
}

describe('an engine that is killed', { timeout: 120_000 }, () => {
  it('in mid-download loses at most one chunk, and leaves nothing behind after the retry', async () => {
    const clean = files();
    const weights = hub.files.get(WEIGHTS)!;
    const inModel = (name: string) => path.join('models--tests--vit', name);
    const part = inModel(`blobs/${etagOf(weights)}.studio.incomplete`);
    const partSize = () => (existsSync(path.join(cache, part)) ? statSync(path.join(cache, part)).size : 0);
    const bodies = () => hub.seen.filter(({ kind, path: name }) => kind === 'body' && name === WEIGHTS);
    // The first body is the graph, which is small: it is left alone. A client that kept more than a chunk would hang.
    hub.faults.push(
      { kind: 'headers', headers: {}, times: 1 },
      { kind: 'slow', chunk: CHUNK, everyMs: 20, written: partSize },
    );
    const { engine, client } = await startEngine();
    await client.api.encoders.download.mutate({ id: 'tiny-vit' });
    await client.close();
    while (partSize() < 10 * CHUNK) await sleep(5);
    await kill(engine);

    const held = partSize();
    const [first] = bodies();
    expect(held).toBeLessThan(weights.content.length);
    expect(first!.sent - held).toBeLessThanOrEqual(CHUNK);
    expect(files().cache).toEqual(expect.arrayContaining([part, `${part}.lock`])); // a kill does leave them

    hub.faults.length = 0;
    hub.seen.length = 0;
    expect(await run('encoders', 'download', 'tiny-vit')).toMatchObject({ state: 'ready' });
    // What is on the disk is not asked for again, and the graph, which was whole, not at all.
    expect(hub.seen.filter(({ kind }) => kind === 'body').map((b) => [b.path, b.range])).toEqual([
      [WEIGHTS, `bytes=${held}-`],
    ]);
    const blobs = [...hub.files.values()].map((file) => inModel(`blobs/${etagOf(file)}`));
    const snapshot = [GRAPH, WEIGHTS].map((name) => inModel(`snapshots/${hub.commit}/${name}`));
    expect(files()).toEqual({
      home: clean.home,
      cache: [...blobs, inModel('refs/main'), ...snapshot].sort(),
      tmp: [],
    });
  });

  // Finding the encoder process needs /proc.
  it.skipIf(process.platform !== 'linux')(
    'in mid-extraction loses at most one batch, and leaves neither files nor processes',
    async () => {
      await run('encoders', 'download', 'tiny-vit');
      await run('import', path.join(data, 'rated'), '--name', 'rated', ...SMALL_DATASET_FLAGS);
      const clean = files();
      const { engine, client } = await startEngine();
      const { job } = await client.api.streams.extract.mutate({
        dataset: (await client.api.datasets.list.query())[0]!.id,
        streams: ['tiny-vit'],
        device: 'cpu',
      });
      const computed = async () => (await client.api.jobs.get.query({ id: job })).done;
      let before = await computed();
      while (before < BATCH + 16) before = await computed();
      const encoders = encoderProcesses(engine.child.pid!);
      expect(encoders.length).toBeGreaterThan(0);
      await kill(engine);

      const held = featuresIn(home);
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(IMAGES);
      expect(before - held).toBeLessThanOrEqual(BATCH);
      await client.close().catch(() => undefined); // there is nobody to say goodbye to
      while (encoders.some((pid) => existsSync(`/proc/${pid}`))) await sleep(10); // it hears of the end by itself

      const { streams } = await run<ExtractResult>(
        ...['extract', '--dataset', 'rated', '--streams', 'tiny-vit', '--device', 'cpu'],
      );
      expect(streams).toMatchObject([{ done: IMAGES, failed: 0, reused: held }]);
      expect(files()).toEqual(clean);
      expect(featuresIn(home)).toBe(IMAGES);
    },
  );
});

/** Whole models: several files, external data, one commit, offline, caches of other tools, removal, other processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { link } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCachedFile, partFile, placeInSnapshot } from '../../src-main/streams/vision/hub/cache.ts';
import { DISK } from '../../src-main/streams/vision/hub/disk.ts';
import { fetchModel } from '../../src-main/streams/vision/hub/fetch-model.ts';
import type { DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';
import { removeModel } from '../../src-main/streams/vision/hub/remove-model.ts';
import { hubTree } from '../../src-main/streams/vision/hub/tree.ts';
import { verifyModel } from '../../src-main/streams/vision/hub/verify-model.ts';
import {
  etagOf,
  sha256Of,
  startLoopbackHub,
  type HubFile,
  type LoopbackHub,
} from '../fixtures/loopback-hub.ts';

const GRAPH = 'visual/model.onnx';
const DATA = 'visual/6c4f1d9e-uuid'; // external data, as exporters name it
const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 255);
const files: Record<string, HubFile> = {
  [GRAPH]: { content: bytes(50_000, 1), lfs: true },
  [DATA]: { content: bytes(300_000, 2), lfs: true },
  'config.json': { content: bytes(700, 3), lfs: false },
};
const RETRY = { attempts: 3, firstWaitMs: 1, maxWaitMs: 4, maxRetryAfterMs: 2000 };
const OLD_COMMIT = 'c0ffee'.padEnd(40, '0');

let folder: string;
let hub: LoopbackHub;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-hub-'));
  hub = await startLoopbackHub({ files, commit: OLD_COMMIT });
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const settings = (more = {}) => ({
  endpoint: hub.endpoint,
  token: null,
  cacheFolder: folder,
  offline: false,
  ...more,
});
const wanted = [{ path: GRAPH }, { path: 'config.json' }];
const fetchIt = (more: Partial<Parameters<typeof fetchModel>[0]> = {}) =>
  fetchModel({ settings: settings(), repo: hub.repo, files: wanted, retry: RETRY, stallMs: 300, ...more });
const modelDir = () => path.join(folder, 'models--tests--model');
const inModel = (...parts: string[]) => path.join(modelDir(), ...parts);
const allFiles = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((e) => !e.isDirectory())
        .map((e) => path.relative(dir, path.join(e.parentPath, e.name)))
        .sort()
    : [];
const bodies = () => hub.seen.filter(({ kind }) => kind === 'body');

/** A cache as huggingface_hub leaves it: blobs by etag, relative links, a ref without a line end. */
function makeForeignCache({ commit = OLD_COMMIT, links = true, only = Object.keys(files) } = {}): void {
  for (const [name, file] of Object.entries(files).filter(([n]) => only.includes(n))) {
    const pointer = inModel('snapshots', commit, ...name.split('/'));
    const blob = inModel('blobs', etagOf(file));
    mkdirSync(path.dirname(pointer), { recursive: true });
    mkdirSync(path.dirname(blob), { recursive: true });
    writeFileSync(links ? blob : pointer, file.content);
    if (links) symlinkSync(path.relative(path.dirname(pointer), blob), pointer);
  }
  mkdirSync(inModel('refs'), { recursive: true });
  writeFileSync(inModel('refs', 'main'), commit);
}

describe('fetchModel', () => {
  it('brings all files of one commit, in the layout that other tools read', async () => {
    const model = await fetchIt();
    expect(model).toMatchObject({ repo: hub.repo, revision: 'main', commit: OLD_COMMIT });
    expect(model.files.map(({ path: p, fromCache }) => [p, fromCache])).toEqual([
      [GRAPH, false],
      ['config.json', false],
    ]);
    const graph = etagOf(files[GRAPH]!);
    const config = etagOf(files['config.json']!);
    expect(allFiles(modelDir())).toEqual(
      [
        `blobs/${graph}`,
        `blobs/${config}`,
        'refs/main',
        `snapshots/${OLD_COMMIT}/config.json`,
        `snapshots/${OLD_COMMIT}/${GRAPH}`,
      ].sort(),
    );
    expect(readlinkSync(inModel('snapshots', OLD_COMMIT, GRAPH))).toBe(`../../../blobs/${graph}`);
    expect(readFileSync(inModel('refs', 'main'), 'utf8')).toBe(OLD_COMMIT);
  });

  it('brings external data that the graph asks for, beside it under its own name', async () => {
    const asked: string[] = [];
    const model = await fetchIt({
      companions: async ({ path: p, file }) => {
        asked.push(p);
        expect(readFileSync(file).length).toBeGreaterThan(0);
        return p === GRAPH ? [DATA, 'config.json'] : [];
      },
    });
    expect(asked).toEqual([GRAPH, 'config.json', DATA]); // each once
    const data = model.files.find(({ path: p }) => p === DATA)!;
    expect(path.dirname(data.file)).toBe(path.dirname(model.files[0]!.file));
    expect(data.sha256).toBe(sha256Of(files[DATA]!.content));
  });

  it('shows the progress of all files together', async () => {
    const told: DownloadProgress[] = [];
    await fetchIt({ files: [{ path: DATA }, { path: GRAPH }], onProgress: (p) => told.push(p) });
    expect(new Set(told.map(({ size }) => size))).toEqual(new Set([350_000]));
    const sums = told.map((p) => p.bytes);
    expect(sums).toEqual([...sums].sort((a, b) => a - b));
    expect(told.at(-1)).toMatchObject({ path: GRAPH, bytes: 350_000 });
  });

  it('goes on where it was cut, and fetches only what is missing', async () => {
    hub.faults = [{ kind: 'cut', after: 20_000, times: 2 }];
    const once_ = { ...RETRY, attempts: 1 };
    await expect(fetchIt({ retry: once_ })).rejects.toMatchObject({ code: 'not-available' });
    await expect(fetchIt({ retry: once_ })).rejects.toMatchObject({ code: 'not-available' });
    const model = await fetchIt({ retry: once_ });
    expect(model.files.every(({ fromCache }) => !fromCache)).toBe(true);
    expect(bodies().map(({ range }) => range)).toEqual([null, 'bytes=20000-', 'bytes=40000-', null]);

    rmSync(inModel('blobs', etagOf(files['config.json']!)));
    const again = await fetchIt();
    expect(again.files.map(({ fromCache }) => fromCache)).toEqual([true, false]);
  });

  it('asks for the space of all that is missing before the first byte', async () => {
    const disk = { ...DISK, freeBytes: () => Promise.resolve(64 * 1024 * 1024 + 340_000) };
    const both = { files: [{ path: GRAPH }, { path: DATA }], disk };
    await expect(fetchIt(both)).rejects.toMatchObject({ code: 'no-space' });
    expect(bodies()).toEqual([]);
    expect(allFiles(folder)).toEqual([]);
    await fetchIt({ files: [{ path: GRAPH }] });
    await fetchIt(both); // now only the data is missing
  });

  it('names the files that there are when one is not, and both sides of a disagreement', async () => {
    await expect(fetchIt({ files: [{ path: 'onnx/model.onnx' }] })).rejects.toMatchObject({
      code: 'not-found',
      hint: `It has ${GRAPH}.`,
    });
    for (const pin of [{ size: 7 }, { sha256: 'a'.repeat(64) }])
      await expect(fetchIt({ files: [{ path: GRAPH, ...pin }] })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/the manifest says \w+ \w+, the hub says \w+/),
      });
    expect(bodies()).toEqual([]);
  });

  it('enforces a pinned hash on bytes that are in the cache already', async () => {
    makeForeignCache({ links: false });
    const pinned = [{ path: GRAPH, sha256: sha256Of(files[GRAPH]!.content) }];
    expect((await fetchIt({ files: pinned })).files[0]).toMatchObject({ fromCache: true });
    writeFileSync(inModel('snapshots', OLD_COMMIT, GRAPH), bytes(50_000, 66)); // same length, other bytes
    expect((await fetchIt({ files: pinned })).files[0]).toMatchObject({
      fromCache: false,
      sha256: pinned[0]!.sha256,
    });
  });

  it('a pinned commit that is in the cache costs no request', async () => {
    await fetchIt();
    hub.seen.length = 0;
    expect((await fetchIt({ revision: OLD_COMMIT })).files).toHaveLength(2);
    expect(hub.seen).toEqual([]);
  });

  it('a branch that moved shares what did not change', async () => {
    await fetchIt();
    hub.commit = 'feed'.padEnd(40, '7');
    hub.files.set('config.json', { content: bytes(800, 9), lfs: false });
    const model = await fetchIt();
    expect(model.commit).toBe(hub.commit);
    expect(model.files.map(({ fromCache }) => fromCache)).toEqual([true, false]);
    expect(readFileSync(inModel('refs', 'main'), 'utf8')).toBe(hub.commit);
  });

  it('a hub out of reach is no obstacle while everything is there', async () => {
    await fetchIt();
    const nowhere = settings({ endpoint: 'http://127.0.0.1:9' });
    expect((await fetchIt({ settings: nowhere })).commit).toBe(OLD_COMMIT);
    await expect(fetchIt({ settings: nowhere, files: [{ path: DATA }] })).rejects.toMatchObject({
      code: 'not-available',
      message: expect.stringContaining('127.0.0.1:9'),
    });
  });
});

describe('HF_HUB_OFFLINE', () => {
  it('uses the cache, names what is missing, and makes no request', async () => {
    makeForeignCache({ only: [GRAPH] });
    const offline = settings({ offline: true });
    const model = await fetchIt({ settings: offline, files: [{ path: GRAPH }] });
    expect(model.files[0]).toMatchObject({ fromCache: true, commit: OLD_COMMIT });
    for (const revision of ['main', OLD_COMMIT, 'other'])
      await expect(fetchIt({ settings: offline, revision })).rejects.toMatchObject({
        code: 'not-available',
        hint: expect.stringContaining('HF_HUB_OFFLINE'),
      });
    await expect(hubTree({ settings: offline, repo: hub.repo, revision: 'main' })).rejects.toMatchObject({
      code: 'not-available',
    });
    expect(hub.seen).toEqual([]);
  });
});

describe('a cache that huggingface_hub made', () => {
  it.each([true, false])('is read (symbolic links: %s)', async (links) => {
    makeForeignCache({ links });
    for (const revision of ['main', OLD_COMMIT])
      expect(
        await findCachedFile({ cacheFolder: folder, address: { repo: hub.repo, revision, path: GRAPH } }),
      ).toEqual({
        file: inModel('snapshots', OLD_COMMIT, GRAPH),
        commit: OLD_COMMIT,
        size: 50_000,
        blob: links ? etagOf(files[GRAPH]!) : null,
      });
    const model = await fetchIt();
    expect(model.files.map(({ fromCache }) => fromCache)).toEqual([true, true]);
    expect(bodies()).toEqual([]);
  });

  it('lends its blobs to other commits', async () => {
    makeForeignCache({ commit: '1'.repeat(40) });
    expect((await fetchIt()).files.map(({ fromCache }) => fromCache)).toEqual([true, true]);
    expect(bodies()).toEqual([]);
  });

  it('is not believed when a link leads nowhere, a file is cut short, or a ref holds nonsense', async () => {
    makeForeignCache();
    rmSync(inModel('blobs', etagOf(files[GRAPH]!)));
    const find = (revision: string) =>
      findCachedFile({ cacheFolder: folder, address: { repo: hub.repo, revision, path: GRAPH } });
    expect(await find('main')).toBeNull();
    truncateSync(inModel('blobs', etagOf(files['config.json']!)), 10);
    expect((await fetchIt()).files.map(({ fromCache }) => fromCache)).toEqual([false, false]);
    writeFileSync(inModel('refs', 'main'), '../../elsewhere');
    expect(await find('main')).toBeNull();
  });
});

describe('a file system without links', () => {
  const refuse = () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  it.each([
    ['symbolic links', { symlink: refuse, link }, 2],
    ['links at all', { symlink: refuse, link: refuse }, 1],
  ])('%s: the snapshot holds the bytes', async (_, links, nlink) => {
    makeForeignCache();
    const etag = etagOf(files[GRAPH]!);
    const address = { repo: hub.repo, revision: OLD_COMMIT, path: GRAPH };
    const placed = await placeInSnapshot({ cacheFolder: folder, address, etag, links });
    expect(lstatSync(placed).isFile()).toBe(true);
    expect(lstatSync(placed).nlink).toBe(nlink);
    expect(sha256Of(readFileSync(placed))).toBe(etag);
    expect(allFiles(modelDir()).filter((f) => f.endsWith('.incomplete'))).toEqual([]);
  });
});

describe('hubTree', () => {
  it('lists sizes and hashes: sha256 of large files, git blobs of small ones', async () => {
    const tree = await hubTree({ settings: settings(), repo: hub.repo, revision: 'main' });
    expect(tree.commit).toBe(OLD_COMMIT);
    expect(tree.files.find(({ path: p }) => p === DATA)).toEqual({
      path: DATA,
      size: 300_000,
      sha256: etagOf(files[DATA]!),
      gitBlob: null,
    });
    expect(tree.files.find(({ path: p }) => p === 'config.json')).toEqual({
      path: 'config.json',
      size: 700,
      sha256: null,
      gitBlob: etagOf(files['config.json']!),
    });
  });

  it('refuses a reply that is something else', async () => {
    hub.faults = [{ on: 'tree', kind: 'garble' }];
    await expect(fetchIt()).rejects.toMatchObject({
      code: 'not-available',
      message: expect.stringContaining('cannot be understood'),
    });
  });
});

describe('verifyModel', () => {
  it('finds missing and damaged files, and says how they differ', async () => {
    await fetchIt();
    const verify = (more: { path: string; size?: number }[] = []) =>
      verifyModel({ cacheFolder: folder, repo: hub.repo, revision: 'main', files: [...wanted, ...more] });
    expect((await verify([{ path: DATA }])).map(({ state }) => state)).toEqual(['sound', 'sound', 'missing']);
    expect((await verify([{ path: GRAPH, size: 5 }])).at(-1)).toMatchObject({
      state: 'damaged',
      problem: '50000 bytes instead of 5',
    });
    writeFileSync(inModel('blobs', etagOf(files[GRAPH]!)), bytes(50_000, 66));
    const [graph] = await verify();
    expect(graph).toMatchObject({
      state: 'damaged',
      problem: expect.stringMatching(/sha256 \w+ instead of/),
    });
    expect(hub.seen.length).toBe(5); // none for the verification
  });
});

describe('removeModel', () => {
  it('removes a model and says how many bytes that sets free', async () => {
    await fetchIt();
    expect(await removeModel({ cacheFolder: folder, repo: hub.repo })).toBe(50_700 + OLD_COMMIT.length);
    expect(allFiles(folder)).toEqual([]);
    expect(await removeModel({ cacheFolder: folder, repo: hub.repo })).toBe(0);
  });

  it.each([true, false])(
    'removes single files and leaves what others use (symbolic links: %s)',
    async (links) => {
      makeForeignCache({ links });
      makeForeignCache({ links, commit: '2'.repeat(40), only: ['config.json'] });
      const removal = { cacheFolder: folder, repo: hub.repo, paths: [GRAPH] };
      expect(await removeModel(removal)).toBe(50_000);
      expect(allFiles(modelDir()).filter((f) => f.endsWith(GRAPH))).toEqual([]);
      expect(readFileSync(inModel('snapshots', OLD_COMMIT, DATA))).toHaveLength(300_000);
      await removeModel({ ...removal, paths: [DATA, 'config.json'] });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('waits for no download: it refuses while one is going on', async () => {
    hub.faults = [{ kind: 'stall', after: 1000, times: 1 }];
    const run = fetchIt();
    while (bodies().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(removeModel({ cacheFolder: folder, repo: hub.repo })).rejects.toMatchObject({
      code: 'busy',
    });
    await run;
  });
});

describe('another process', () => {
  const part = () => partFile(folder, hub.repo, etagOf(files[DATA]!));
  const lock = () => `${part()}.lock`;
  const data = () => fetchIt({ files: [{ path: DATA }] });
  function leaveLock(holder: { pid: number; host?: string }, ageMs = 0): void {
    mkdirSync(path.dirname(part()), { recursive: true });
    writeFileSync(part(), files[DATA]!.content.subarray(0, 5000));
    writeFileSync(lock(), JSON.stringify({ began: 0, host: hostname(), token: 'theirs', ...holder }));
    const then = new Date(Date.now() - ageMs);
    utimesSync(lock(), then, then);
  }

  it('at work on the same file is left alone', async () => {
    leaveLock({ pid: process.ppid });
    await expect(data()).rejects.toMatchObject({ code: 'busy', hint: expect.stringContaining(lock()) });
    expect(existsSync(lock())).toBe(true);
    expect(readFileSync(part())).toHaveLength(5000);
  });

  it.each([
    ['that is dead', { pid: 999_999_999 }, 0, 'bytes=5000-'],
    ['that had our process id before a restart', { pid: process.pid }, 0, 'bytes=5000-'],
    ['that fell silent, and might wake up', { pid: process.ppid }, 120_000, null],
    ['on another machine that fell silent', { pid: 1, host: 'elsewhere' }, 120_000, null],
  ])('%s is succeeded', async (_, holder, age, range) => {
    leaveLock(holder, age);
    await data();
    expect(bodies().map((b) => b.range)).toEqual([range]);
    expect(allFiles(inModel('blobs'))).toEqual([etagOf(files[DATA]!)]);
  });

  it('killed in the middle loses at most what was on the way, and nothing is left behind', async () => {
    hub.faults = [{ kind: 'stall', after: 200_000, times: 1 }];
    const module = pathToFileURL(
      path.resolve(import.meta.dirname, '../../src-main/streams/vision/hub/fetch-model.ts'),
    ).href;
    const options = { settings: settings(), repo: hub.repo, files: [{ path: DATA }] };
    const code = `import { fetchModel } from ${JSON.stringify(module)}; await fetchModel(${JSON.stringify(options)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
    const exited = once(child, 'exit');
    const size = () => (existsSync(part()) ? lstatSync(part()).size : 0);
    while (size() < 200_000 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(data()).rejects.toMatchObject({ code: 'busy' }); // it is alive
    child.kill('SIGKILL');
    await exited;
    expect(allFiles(inModel('blobs'))).toHaveLength(2); // its part and its lock

    await data();
    expect(bodies().at(-1)!.range).toBe('bytes=200000-');
    expect(allFiles(inModel('blobs'))).toEqual([etagOf(files[DATA]!)]);
  });
});

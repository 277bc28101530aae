/** fetchModel: several files, external data, one commit, offline; the file list; verification. */
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DISK } from '../../src-main/streams/vision/hub/disk.ts';
import { type DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';
import { hubTree } from '../../src-main/streams/vision/hub/tree.ts';
import { verifyModel } from '../../src-main/streams/vision/hub/verify-model.ts';
import { etagOf, sha256Of } from '../fixtures/loopback-hub.ts';
import {
  DATA,
  GRAPH,
  OLD_COMMIT,
  RETRY,
  allFiles,
  bodies,
  bytes,
  fetchIt,
  files,
  folder,
  hub,
  inModel,
  makeForeignCache,
  modelDir,
  settings,
  useModelHub,
  wanted,
} from './hub-model-setup.ts';

useModelHub();

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
    const single = { ...RETRY, attempts: 1 };
    await expect(fetchIt({ retry: single })).rejects.toMatchObject({ code: 'not-available' });
    await expect(fetchIt({ retry: single })).rejects.toMatchObject({ code: 'not-available' });
    const model = await fetchIt({ retry: single });
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

/** downloadFile: a hub that behaves, lines that do not, and ranges that do not fit. */
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { blobFile } from '../../src-main/streams/vision/hub/cache.ts';
import { type DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';
import { etagOf, sha256Of } from '../fixtures/loopback-hub.ts';
import {
  KIB,
  address,
  blobs,
  bodies,
  bytes,
  download,
  expectGood,
  folder,
  graph,
  hub,
  leavePart,
  part,
  settings,
  useHub,
} from './hub-download-setup.ts';

useHub();

describe('a hub that behaves', () => {
  it('gives a large file by its store, checked by sha256', async () => {
    const placed = await download();
    await expectGood(placed);
    expect(placed).toMatchObject({ commit: hub.commit, size: graph.content.length, fromCache: false });
    expect(hub.seen.map(({ server, kind }) => `${server} ${kind}`)).toEqual(['hub head', 'store body']);
  });

  it('gives a small file itself, checked by its git blob; also an empty one', async () => {
    await expectGood(await download({ address: address('config.json') }));
    rmSync(path.join(folder, 'models--tests--model'), { recursive: true });
    hub.files.set('empty', { content: new Uint8Array(), lfs: false });
    await expectGood(await download({ address: address('empty') }));
  });

  it('is not asked for bytes that are in the cache, under whatever revision', async () => {
    await download();
    hub.commit = 'beef'.padEnd(40, '1');
    const again = await download();
    expect(again).toMatchObject({ fromCache: true, commit: hub.commit, sha256: sha256Of(graph.content) });
    expect(bodies()).toHaveLength(1);
    await expectGood(again);
  });

  it('is asked again for a blob whose bytes are not what its name says', async () => {
    await download();
    writeFileSync(blobFile(folder, hub.repo, etagOf(graph)), bytes(graph.content.length, 5));
    await expectGood(await download());
    expect(bodies()).toHaveLength(2);
  });

  it('is asked once by two callers at the same time', async () => {
    const [one, two] = await Promise.all([download(), download()]);
    expect(bodies()).toHaveLength(1);
    expect([one.fromCache, two.fromCache].sort()).toEqual([false, true]);
    await expectGood(two);
  });

  it('hears nothing at all in offline mode', async () => {
    const run = download({ settings: { ...settings(), offline: true } });
    await expect(run).rejects.toMatchObject({
      code: 'not-available',
      hint: expect.stringContaining('OFFLINE'),
    });
    expect(hub.seen).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a bad line', () => {
  it('that is cut every 64 KiB costs no byte twice', async () => {
    hub.faults = [{ kind: 'cut', after: 64 * KIB }];
    await expectGood(await download());
    expect(bodies().map(({ range }) => range)).toEqual([
      null,
      ...[64, 128, 192, 256, 320, 384].map((at) => `bytes=${at * KIB}-`),
    ]);
  });

  it('that dies before the first byte of each try is given up with the part kept', async () => {
    leavePart(graph.content.subarray(0, 1000));
    hub.faults = [{ kind: 'cut', after: 0 }];
    await expect(download()).rejects.toMatchObject({
      code: 'not-available',
      message: expect.stringMatching(/localhost:\d+ failed: .*\(4 tries in a row\)/),
    });
    expect(readFileSync(part())).toHaveLength(1000);
    expect(blobs()).toEqual([path.basename(part())]); // no lock is left
    hub.faults = [];
    await expectGood(await download());
    expect(bodies().at(-1)!.range).toBe('bytes=1000-');
  });

  it('that falls silent is cut off and resumed', async () => {
    hub.faults = [{ kind: 'stall', after: 100 * KIB, times: 1 }];
    const told: DownloadProgress[] = [];
    await expectGood(await download({ stallMs: 500, onProgress: (p) => told.push(p) }));
    expect(bodies().map(({ range }) => range)).toEqual([null, `bytes=${100 * KIB}-`]);
    const wait = told.find(({ phase }) => phase === 'wait');
    expect(wait?.reason).toMatch(/nothing came for 0.5 s; next try in/);
  });

  it('that does not lead anywhere is named', async () => {
    const nowhere = { ...settings(), endpoint: 'http://127.0.0.1:9' };
    await expect(download({ settings: nowhere })).rejects.toMatchObject({
      code: 'not-available',
      message: expect.stringContaining('127.0.0.1:9 failed'),
    });
  });

  it('shows progress from the part on, then the check', async () => {
    leavePart(graph.content.subarray(0, 100 * KIB));
    hub.faults = [{ kind: 'cut', after: 64 * KIB }];
    const told: DownloadProgress[] = [];
    await download({ onProgress: (p) => told.push(p) });
    expect(told[0]).toMatchObject({
      phase: 'download',
      fileBytes: 100 * KIB,
      fileSize: 400 * KIB,
      path: 'visual/model.onnx',
    });
    const loads = told.filter(({ phase }) => phase === 'download').map(({ fileBytes }) => fileBytes);
    expect(loads).toEqual([...loads].sort((a, b) => a - b));
    expect(loads.at(-1)).toBe(400 * KIB);
    expect(told.at(-1)).toMatchObject({ phase: 'verify', fileBytes: 400 * KIB });
  });

  it('can be left by the user; the part is kept and resumed', async () => {
    const cancel = new AbortController();
    hub.faults = [{ kind: 'stall', after: 64 * KIB, times: 1 }];
    const run = download({ signal: cancel.signal });
    const arrived = () => existsSync(part()) && statSync(part()).size === 64 * KIB;
    void vi.waitUntil(arrived, { timeout: 10_000 }).then(() => cancel.abort());
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(readFileSync(part())).toHaveLength(64 * KIB);
    expect(blobs()).toEqual([path.basename(part())]);
    await expectGood(await download());
    expect(bodies().at(-1)!.range).toBe(`bytes=${64 * KIB}-`);
  });

  it('cancelled while another caller has the file lets that one finish', async () => {
    const cancel = new AbortController();
    hub.faults = [{ kind: 'stall', after: 64 * KIB, times: 1 }];
    const first = download({ stallMs: 500 });
    const second = download({ signal: cancel.signal });
    setTimeout(() => cancel.abort(), 100);
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    await expectGood(await first);
  });
});

describe('a hub with an odd idea of ranges', () => {
  it.each([
    ['416', { kind: 'status', status: 416, onlyRanges: true, times: 1 }],
    ['a range that begins elsewhere', { kind: 'wrong-range', onlyRanges: true, times: 1 }],
    [
      'a range of another length',
      {
        kind: 'headers',
        headers: { 'content-range': 'bytes 1000-1999/2000' },
        onlyRanges: true,
        times: 1,
      },
    ],
    [
      'a range without saying which',
      { kind: 'headers', headers: { 'content-range': null }, onlyRanges: true, times: 1 },
    ],
  ] as const)('%s: the part is dropped, the file begun anew', async (_, fault) => {
    leavePart(graph.content.subarray(0, 1000));
    hub.faults = [{ ...fault }];
    await expectGood(await download());
    expect(bodies().map(({ range }) => range)).toEqual(['bytes=1000-', null]);
  });

  it('200 to a range: the file is taken from its beginning', async () => {
    leavePart(bytes(1000, 99)); // wrong bytes, so that a mere append would be noticed
    hub.faults = [{ kind: 'ignore-range' }];
    await expectGood(await download());
    expect(bodies()).toHaveLength(1);
  });

  it('200 to every range on a line that is cut each time: given up, not tried for ever', async () => {
    hub.faults = [
      { kind: 'cut', after: 64 * KIB, times: 1 },
      { kind: 'short', by: 390 * KIB },
    ];
    await expect(download()).rejects.toMatchObject({ code: 'corrupt' });
    expect(bodies().length).toBeLessThan(12);
  });

  it('416 to everything is an error', async () => {
    hub.faults = [{ kind: 'status', status: 416 }];
    await expect(download()).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('416'),
    });
    expect(bodies()).toHaveLength(4);
  });

  it('a part longer than the file is dropped', async () => {
    leavePart(bytes(500 * KIB));
    await expectGood(await download());
    expect(bodies().map(({ range }) => range)).toEqual([null]);
  });

  it('a part that is whole needs no request for bytes', async () => {
    leavePart(graph.content);
    await expectGood(await download());
    expect(bodies()).toEqual([]);
  });
});

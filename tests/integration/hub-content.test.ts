/** downloadFile: wrong bytes, files that change under way, disks that are full. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DISK } from '../../src-main/streams/vision/hub/disk.ts';
import { type TransferOptions } from '../../src-main/streams/vision/hub/download.ts';
import { type DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';
import { etagOf, sha256Of, type HubFile } from '../fixtures/loopback-hub.ts';
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

describe('wrong content', () => {
  it.each([
    ['garbled bytes', { kind: 'garble' }, /came wrong: sha256 \w{64} instead of \w{64}/],
    ['a longer body', { kind: 'length', by: 10 }, /has 409610 bytes, the hub announced 409600/],
    ['a shorter body', { kind: 'length', by: -10 }, /has 409590 bytes, the hub announced 409600/],
    ['a body that does not end', { kind: 'endless', by: 10 }, /goes on after its 409600 bytes/],
    ['a body that ends early, again and again', { kind: 'short', by: 409_600 }, /ended after 0 of 409600/],
  ] as const)('%s: an error that names both, and nothing in the cache', async (_, fault, message) => {
    hub.faults = [{ ...fault }];
    await expect(download()).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(message),
    });
    expect(blobs().filter((name) => !name.endsWith('.studio.incomplete'))).toEqual([]);
    hub.faults = [];
    await expectGood(await download());
  });

  it('a wrong etag is found out by the content: large files by sha256, small ones by their git blob', async () => {
    hub.faults = [{ on: 'head', kind: 'headers', headers: { 'x-linked-etag': `"${'a'.repeat(64)}"` } }];
    await expect(download()).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('instead of aaaa'),
    });
    const wrong = { etag: `"${'b'.repeat(40)}"` };
    hub.faults = [
      { on: 'head', kind: 'headers', headers: wrong },
      { kind: 'headers', headers: wrong },
    ];
    await expect(download({ address: address('config.json') })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/git blob \w{40} instead of bbbb/),
    });
    expect(blobs()).toEqual([]);
  });

  it('an etag that is no hash is taken as a name; the sha256 that the manifest knows still counts', async () => {
    const odd = { 'x-linked-etag': '"version-7"' };
    hub.faults = [{ on: 'head', kind: 'headers', headers: odd }, { kind: 'garble' }];
    const expected = { sha256: sha256Of(graph.content) };
    await expect(download({ expected })).rejects.toMatchObject({ code: 'corrupt' });
    hub.faults = [{ on: 'head', kind: 'headers', headers: odd }];
    expect((await download({ expected })).sha256).toBe(expected.sha256);
    expect(blobs()).toEqual(['version-7']);
  });

  it('another file than the manifest means is refused before a byte is fetched', async () => {
    for (const expected of [{ size: 5 }, { sha256: 'e'.repeat(64) }])
      await expect(download({ expected })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/on the hub, .* expected/),
      });
    expect(bodies()).toEqual([]);
  });

  it('a part that holds wrong bytes costs one clean try, not an error', async () => {
    leavePart(bytes(1000, 42));
    await expectGood(await download());
    expect(bodies().map(({ range }) => range)).toEqual(['bytes=1000-', null]);
  });
});

describe('a file that changes on the hub', () => {
  const newer: HubFile = { content: bytes(300 * KIB, 3), lfs: true };

  it('between two tries: the old part is dropped, the new file fetched', async () => {
    hub.faults = [{ kind: 'cut', after: 64 * KIB, times: 1 }];
    const change = ({ phase }: DownloadProgress) => {
      if (phase !== 'wait') return;
      hub.files.set('visual/model.onnx', newer);
      hub.commit = 'd00d'.padEnd(40, '2');
    };
    await expectGood(await download({ onProgress: change }));
    expect(bodies().map(({ range }) => range)).toEqual([null, null]);
  });

  it('between HEAD and GET: noticed by the ETag of the reply', async () => {
    const small: HubFile = { content: bytes(3000, 8), lfs: false }; // same length
    hub.faults = [{ on: 'head', kind: 'headers', headers: { etag: `"${etagOf(small)}"` }, times: 1 }];
    await expectGood(await download({ address: address('config.json') }));
    expect(hub.seen.map(({ kind }) => kind)).toEqual(['head', 'body', 'head', 'body']);
  });

  it('all the time: given up', async () => {
    hub.faults = [{ on: 'head', kind: 'headers', headers: { etag: `"${'1'.repeat(40)}"` } }];
    await expect(download({ address: address('config.json') })).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('Pin a commit'),
    });
    expect(blobs()).toEqual([]);
  });
});

describe('the disk', () => {
  it('too small for the file: no byte is fetched', async () => {
    const disk = { ...DISK, freeBytes: () => Promise.resolve(64 * KIB * KIB + 399 * KIB) };
    await expect(download({ disk })).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringMatching(/needs 68 MB, the disk has 68 MB left|needs \d+ MB/),
    });
    expect(bodies()).toEqual([]);
    leavePart(graph.content.subarray(0, 2 * KIB)); // the rest fits
    await expectGood(await download({ disk }));
  });

  it('full in the middle: the part is kept and resumed', async () => {
    let left = 1;
    hub.faults = [{ kind: 'cut', after: 64 * KIB, times: 1 }]; // so that there are two writes at least
    const disk: TransferOptions['disk'] = {
      freeBytes: () => Promise.resolve(null),
      write: (handle, chunk, position) =>
        left-- > 0
          ? DISK.write(handle, chunk, position)
          : Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    await expect(download({ disk })).rejects.toMatchObject({ code: 'no-space', file: part() });
    const kept = readFileSync(part()).length;
    expect(kept).toBeGreaterThan(0);
    expect(blobs()).toEqual([path.basename(part())]);
    await expectGood(await download());
    expect(bodies().at(-1)!.range).toBe(`bytes=${kept}-`);
  });

  it('that may not be written is named with the remedy', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const inFile = { ...settings(), cacheFolder: path.join(folder, 'file') };
    await expect(download({ settings: inFile })).rejects.toMatchObject({
      name: 'StudioError',
      file: expect.stringContaining(folder),
    });
  });
});

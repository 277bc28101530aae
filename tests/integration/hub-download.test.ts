/** downloadFile against a hub that misbehaves: every fault of the line, the hub, the file store and the disk. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobFile, partFile } from '../../src-main/streams/vision/hub/cache.ts';
import { DISK } from '../../src-main/streams/vision/hub/disk.ts';
import { downloadFile, type TransferOptions } from '../../src-main/streams/vision/hub/download.ts';
import type { DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';
import {
  etagOf,
  sha256Of,
  startLoopbackHub,
  type HubFile,
  type LoopbackHub,
} from '../fixtures/loopback-hub.ts';

const KIB = 1024;
const bytes = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 255);
const graph: HubFile = { content: bytes(400 * KIB), lfs: true };
const config: HubFile = { content: bytes(3000, 7), lfs: false };
const RETRY = { attempts: 4, firstWaitMs: 1, maxWaitMs: 4, maxRetryAfterMs: 2000 };

let folder: string;
let hub: LoopbackHub;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-hub-'));
  hub = await startLoopbackHub({ files: { 'visual/model.onnx': graph, 'config.json': config } });
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const address = (file = 'visual/model.onnx', revision = 'main') => ({ repo: hub.repo, revision, path: file });
const settings = () => ({
  endpoint: hub.endpoint,
  token: null as string | null,
  cacheFolder: folder,
  offline: false,
});
const download = (more: Partial<Parameters<typeof downloadFile>[0]> = {}) =>
  downloadFile({ settings: settings(), address: address(), retry: RETRY, stallMs: 200, ...more });
const blobs = () => {
  const blobFolder = path.join(folder, 'models--tests--model', 'blobs');
  return existsSync(blobFolder) ? readdirSync(blobFolder) : [];
};
const part = () => partFile(folder, hub.repo, etagOf(graph));
const bodies = () => hub.seen.filter(({ kind }) => kind === 'body');
/** Leaves a part as a killed process does. */
function leavePart(content: Uint8Array): void {
  mkdirSync(path.dirname(part()), { recursive: true });
  writeFileSync(part(), content);
}
/** The download succeeded: the right bytes under the right names, and nothing besides. */
async function expectGood(placed: Awaited<ReturnType<typeof downloadFile>>): Promise<void> {
  const file = hub.files.get(placed.path)!;
  expect(sha256Of(readFileSync(placed.file))).toBe(sha256Of(file.content));
  expect(placed.sha256).toBe(sha256Of(file.content));
  expect(placed.file).toBe(
    path.join(folder, 'models--tests--model', 'snapshots', hub.commit, ...placed.path.split('/')),
  );
  expect(blobs()).toEqual([etagOf(file)]);
}

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
    await expectGood(await download({ onProgress: (p) => told.push(p) }));
    expect(bodies().map(({ range }) => range)).toEqual([null, `bytes=${100 * KIB}-`]);
    const wait = told.find(({ phase }) => phase === 'wait');
    expect(wait?.reason).toMatch(/nothing came for 0.2 s; next try in/);
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
    const run = download({
      stallMs: 10_000,
      signal: cancel.signal,
      onProgress: ({ fileBytes }) => fileBytes >= 64 * KIB && cancel.abort(),
    });
    setTimeout(() => cancel.abort(), 150); // progress may have told the last chunk too early to be shown
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(readFileSync(part())).toHaveLength(64 * KIB);
    expect(blobs()).toEqual([path.basename(part())]);
    await expectGood(await download());
    expect(bodies().at(-1)!.range).toBe(`bytes=${64 * KIB}-`);
  });

  it('cancelled while another caller has the file lets that one finish', async () => {
    const cancel = new AbortController();
    hub.faults = [{ kind: 'stall', after: 64 * KIB, times: 1 }];
    const first = download({ stallMs: 300 });
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

describe('a hub that is busy or refuses', () => {
  it('429 with Retry-After: waits as long as told', async () => {
    const wait = { kind: 'status', status: 429, headers: { 'retry-after': '1' }, times: 1 } as const;
    hub.faults = [{ ...wait, on: 'head' }];
    const began = performance.now();
    const told: DownloadProgress[] = [];
    await expectGood(await download({ onProgress: (p) => told.push(p) }));
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(told[0]).toMatchObject({
      phase: 'wait',
      reason: expect.stringMatching(/too many requests; .* 1 s/),
    });
  });

  it('429 with an hour of Retry-After: says so at once', async () => {
    hub.faults = [{ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }];
    await expect(download()).rejects.toMatchObject({
      code: 'not-available',
      hint: expect.stringContaining('60 minutes'),
    });
    expect(bodies()).toHaveLength(1);
  });

  it.each([500, 502, 503, 504, 408])('%i passes', async (status) => {
    hub.faults = [
      { on: 'head', kind: 'status', status, times: 2 },
      { kind: 'status', status, times: 2 },
    ];
    await expectGood(await download());
  });

  it('a signed address that has run out: the hub is asked for a new one', async () => {
    hub.faults = [{ kind: 'status', status: 403, times: 1 }];
    await expectGood(await download());
    expect(hub.seen.map(({ kind }) => kind)).toEqual(['head', 'body', 'head', 'body']);
  });

  it.each([
    ['a file that is not there', 'nothing.onnx', 'main', 'not-found', 'no such file'],
    ['a revision that is not there', 'config.json', 'v9', 'not-found', 'revision does not exist'],
  ])('%s: %s at %s -> %s', async (_, file, revision, code, hint) => {
    const run = download({ address: address(file, revision) });
    await expect(run).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(hub.seen).toHaveLength(1);
  });

  it('a private model without a token is named as such', async () => {
    hub.token = 'right';
    await expect(download()).rejects.toMatchObject({
      code: 'no-permission',
      hint: expect.stringContaining('HF_TOKEN'),
    });
  });

  it.each([
    ['no commit', { 'x-repo-commit': null }, 'commit'],
    ['a hostile commit', { 'x-repo-commit': '../../evil' }, 'commit'],
    ['no etag', { 'x-linked-etag': null }, 'etag'],
    ['an etag that is a path', { 'x-linked-etag': '"../../evil"' }, 'etag'],
    ['no size', { 'x-linked-size': null }, 'size'],
  ])('%s: it is no hub', async (_, headers, what) => {
    hub.faults = [{ on: 'head', kind: 'headers', headers }];
    await expect(download()).rejects.toMatchObject({
      code: 'not-available',
      message: expect.stringContaining(`no ${what === 'etag' ? 'usable etag' : what}`),
    });
    expect(bodies()).toEqual([]);
  });
});

describe('redirects and the token', () => {
  const token = 'hf_secret';
  const withToken = () => ({ settings: { ...settings(), token } });

  it('the token goes to the hub, and never to the store', async () => {
    hub.token = token;
    await expectGood(await download(withToken()));
    expect(hub.seen.map(({ server, authorization }) => [server, authorization])).toEqual([
      ['hub', 'Bearer hf_secret'],
      ['store', null],
    ]);
  });

  it('nor when the redirect comes only with the GET, nor back to the hub after it', async () => {
    hub.files.set('config.json', config);
    const back = `${hub.endpoint}/${hub.repo}/resolve/main/config.json`;
    hub.faults = [
      { kind: 'redirect', to: `${hub.store}/elsewhere`, times: 1 }, // the hub's answer to the GET
      { kind: 'redirect', to: back, times: 1 }, // the store's
    ];
    await expectGood(await download({ ...withToken(), address: address('config.json') }));
    expect(bodies().map(({ server, authorization }) => [server, authorization])).toEqual([
      ['hub', 'Bearer hf_secret'],
      ['store', null],
      ['hub', null],
    ]);
  });

  it('redirects within the hub are followed with it (renamed repositories)', async () => {
    hub.token = token;
    hub.faults = [{ on: 'head', kind: 'redirect', to: `/${hub.repo}/resolve/main/config.json`, times: 1 }];
    await expectGood(await download({ ...withToken(), address: address('config.json') }));
    expect(hub.seen.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
  });

  it('circles end, and no message holds the signature of an address', async () => {
    hub.faults = [{ kind: 'redirect', to: `${hub.store}/again?Signature=secret` }];
    const error = await download().catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'not-available', message: expect.stringContaining('in circles') });
    hub.faults = [{ kind: 'status', status: 403 }];
    const refused = (await download().catch((e: Error) => e)) as Error;
    expect(JSON.stringify([refused.message, error])).not.toContain('secret');
  });
});

describe('wrong content', () => {
  it.each([
    ['garbled bytes', { kind: 'garble' }, /came wrong: sha256 \w{64} instead of \w{64}/],
    ['a longer body', { kind: 'length', by: 10 }, /has 409610 bytes, the hub announced 409600/],
    ['a shorter body', { kind: 'length', by: -10 }, /has 409590 bytes, the hub announced 409600/],
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

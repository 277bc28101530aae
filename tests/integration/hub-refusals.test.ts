/** downloadFile: a hub that is busy, refuses or sends us elsewhere; where the token goes. */
import { describe, expect, it } from 'vitest';
import { type DownloadProgress } from '../../src-main/streams/vision/hub/progress.ts';
import {
  address,
  bodies,
  config,
  download,
  expectGood,
  hub,
  settings,
  useHub,
} from './hub-download-setup.ts';

useHub();

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

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STUDIO_VERSION } from '../../src-shared/version.ts';
import { resolveHome } from '../../src-main/home/home.ts';
import type { Home } from '../../src-main/home/home.ts';
import { writePresence } from '../../src-main/home/presence.ts';
import { findRunningEngine } from '../../src-main/host/running-engine.ts';
import { socketFetch } from '../../src-main/host/socket-fetch.ts';
import { listenSocket, socketPathFor } from '../../src-main/host/socket.ts';
import type { ListeningSocket } from '../../src-main/host/socket.ts';
import {
  PICTURE,
  STAND_IN_PAGE,
  megabytes,
  standInHandler,
} from '../fixtures/fake-electron/stand-in-handler.ts';
import type { Seen } from '../fixtures/fake-electron/stand-in-handler.ts';

const TOKEN = 'token-of-the-test';
let home: Home;
let seen: Seen;
let socket: ListeningSocket;
beforeEach(async () => {
  home = resolveHome(mkdtempSync(path.join(tmpdir(), 'studio-socket-')));
  seen = { aborted: [], requests: [] };
  socket = await listenSocket(standInHandler(STAND_IN_PAGE, seen), home, TOKEN);
});
afterEach(async () => {
  await socket.close();
  rmSync(home.folder, { recursive: true, force: true });
});

const ask = (target: string, init: RequestInit = {}, token = TOKEN) =>
  socketFetch(socket.path, token, new Request(`http://engine${target}`, init), 'local');

it('lies in the temporary folder, short and private, and goes with the engine', async () => {
  expect(path.dirname(socket.path)).toBe(tmpdir());
  expect(statSync(socket.path).mode & 0o777).toBe(0o600);
  expect(Buffer.byteLength(socketPathFor(home, 'darwin', `/var/${'x'.repeat(200)}`))).toBeLessThanOrEqual(
    103,
  );
  expect(socketPathFor(home, 'win32')).toMatch(/^\\\\\.\\pipe\\biqa-studio-[0-9a-f]{16}$/);
  await socket.close();
  await expect(ask('/echo')).rejects.toMatchObject({ code: 'not-found' });
});

describe('who may ask', () => {
  it('needs the token', async () => {
    for (const wrong of ['', 'x', `${TOKEN}x`]) {
      const response = await ask('/echo', {}, wrong);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'forbidden' });
    }
    expect(seen.requests).toEqual([]);
  });

  it('refuses another version with a hint', async () => {
    vi.resetModules();
    vi.doMock('../../src-shared/version.ts', () => ({ STUDIO_VERSION: '0.0.1-old' }));
    const older = await import('../../src-main/host/socket-fetch.ts');
    vi.doUnmock('../../src-shared/version.ts');
    const response = await older.socketFetch(socket.path, TOKEN, new Request('http://engine/echo'), 'local');
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      code: 'version-mismatch',
      message: expect.stringMatching(`${STUDIO_VERSION}.*0\\.0\\.1-old`),
      hint: expect.stringContaining('Close'),
    });
    expect(seen.requests).toEqual([]);
  });

  it('carries the trust, and hides its own headers from the engine', async () => {
    const told = (await (await ask('/echo?a=1')).json()) as { headers: Record<string, string> };
    expect(told).toMatchObject({ trust: 'local', path: '/echo?a=1' });
    expect(Object.keys(told.headers).filter((name) => /authorization|x-studio/.test(name))).toEqual([]);
    const page = await socketFetch(socket.path, TOKEN, new Request('http://engine/echo'), 'window');
    expect(await page.json()).toMatchObject({ trust: 'window' });
  });

  it("does not speak to somebody else's file at its place", async () => {
    const file = path.join(home.folder, 'file');
    writeFileSync(file, '');
    await expect(socketFetch(file, TOKEN, new Request('http://engine/'), 'local')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

describe('streams', () => {
  it('a body both ways at once', async () => {
    const words = ['one ', 'two ', 'three'];
    let next = 0;
    const body = new ReadableStream({
      pull(to) {
        if (next === words.length) return to.close();
        to.enqueue(new TextEncoder().encode(words[next++]));
      },
    });
    const response = await ask('/upper', { method: 'POST', body, duplex: 'half' } as RequestInit);
    expect(await response.text()).toBe('ONE TWO THREE');
  });

  it('large bodies', async () => {
    const posted = await ask('/sum', { method: 'POST', body: megabytes(80), duplex: 'half' } as RequestInit);
    expect(await posted.json()).toEqual({ bytes: 80 * 1024 * 1024 });
    expect((await (await ask('/large')).bytes()).length).toBe(64 * 1024 * 1024);
  });

  it('events one by one, until aborted', async () => {
    const leave = new AbortController();
    const response = await ask('/events', { signal: leave.signal });
    const reader = response.body!.getReader();
    const text = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await text()).toMatch(/^data: \{"count":0,[^\n]*\}\n\n$/);
    expect(await text()).toMatch(/^data: \{"count":1,[^\n]*\}\n\n$/);
    leave.abort();
    await expect(reader.read()).rejects.toThrow();
    await vi.waitFor(() => expect(seen.aborted).toEqual(['/events']));
  });

  it('events until the reader is cancelled', async () => {
    const response = await ask('/events');
    await response.body!.cancel();
    await vi.waitFor(() => expect(seen.aborted).toEqual(['/events']));
  });

  it('ranges and empty answers', async () => {
    const part = await ask('/image/1', { headers: { range: 'bytes=-6' } });
    expect(part.status).toBe(206);
    expect(await part.bytes()).toEqual(PICTURE.slice(-6));
    expect((await ask('/image/1', { headers: { 'if-none-match': '"picture"' } })).status).toBe(304);
    expect((await ask('/image/1', { method: 'HEAD' })).headers.get('content-length')).toBe('4096');
  });

  it('nothing for a request that was aborted before', async () => {
    const error = await ask('/echo', { signal: AbortSignal.abort() }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(seen.requests).toEqual([]);
  });
});

it('takes over a stale socket file after a kill -9, but no other file', async () => {
  await socket.close();
  const stale = createServer().listen(socket.path);
  await new Promise((resolve) => stale.once('listening', resolve));
  socket = await listenSocket(standInHandler(''), home, TOKEN);
  expect((await ask('/echo')).status).toBe(200);
  stale.close();
  await socket.close();
  writeFileSync(socket.path, 'not a socket');
  await expect(listenSocket(standInHandler(''), home, TOKEN)).rejects.toMatchObject({ code: 'conflict' });
  rmSync(socket.path);
});

describe('findRunningEngine', () => {
  const presence = () => ({ pid: process.pid, version: STUDIO_VERSION, socket: socket.path, token: TOKEN });

  it('finds the engine and forwards to it', async () => {
    expect(await findRunningEngine(home.folder)).toBeNull();
    writePresence(home, presence());
    const running = await findRunningEngine(home.folder);
    expect(running?.pid).toBe(process.pid);
    const response = await running!.handler(new Request('http://x/echo'), { trust: 'window' });
    expect(await response.json()).toMatchObject({ trust: 'window' });
  });

  it('is null where engine.json outlived its engine', async () => {
    writePresence(home, { ...presence(), token: 'of an earlier engine' });
    expect(await findRunningEngine(home.folder)).toBeNull();
    writePresence(home, presence());
    await socket.close();
    expect(await findRunningEngine(home.folder)).toBeNull();
  });
});

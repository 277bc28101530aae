import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serve } from '../../src-main/host/server.ts';
import type { Serving } from '../../src-main/host/server.ts';
import { STAND_IN_PAGE, megabytes, standInHandler } from '../fixtures/fake-electron/stand-in-handler.ts';
import type { Seen } from '../fixtures/fake-electron/stand-in-handler.ts';

const MAX_BODY = 1024 * 1024;
const seen: Seen = { aborted: [], requests: [] };
let serving: Serving;
let base: string;
let cookie: string;

beforeAll(async () => {
  serving = await serve(standInHandler(STAND_IN_PAGE, seen), {
    home: { folder: '/home/one' },
    maxBody: MAX_BODY,
  });
  base = `http://127.0.0.1:${serving.port}`;
  const entered = await fetch(serving.url, { redirect: 'manual' });
  cookie = entered.headers.get('set-cookie')!.split(';')[0]!;
});
afterAll(() => serving.close());

/** fetch() may not set Host, Origin or Sec-Fetch-*; Node's http may. */
function send(target: string, headers: Record<string, string>, method = 'GET', body?: string | Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>(
    (resolve, reject) => {
      const outgoing = httpRequest(
        { host: '127.0.0.1', port: serving.port, path: target, method, headers },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode!, headers: incoming.headers, text }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    },
  );
}

describe('the token of the printed URL', () => {
  it('is exchanged for a strict cookie and leads to the clean URL', async () => {
    const response = await fetch(serving.url, { redirect: 'manual' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/');
    const set = response.headers.get('set-cookie')!;
    expect(set).toMatch(/^studio-[0-9a-f]{16}=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(set).not.toContain(new URL(serving.url).searchParams.get('token'));
  });

  it('keeps the page and its query, never another host', async () => {
    const token = new URL(serving.url).searchParams.get('token')!;
    const enter = (target: string) => fetch(base + target, { redirect: 'manual' });
    expect((await enter(`/runs/3?x=1&token=${token}`)).headers.get('location')).toBe('/runs/3?x=1');
    expect((await enter(`//evil.example/?token=${token}`)).headers.get('location')).toBe('/evil.example/');
  });

  it('goes by a refresh where it was clicked in another page: a Strict cookie is not sent along a redirect', async () => {
    const { pathname, search } = new URL(serving.url);
    const response = await send(pathname + search, {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
    });
    expect(response.status).toBe(200);
    expect(response.headers['refresh']).toBe('0; url=/');
    expect(response.headers['set-cookie']).toHaveLength(1);
  });

  it('is refused when wrong, and there is no way in without it', async () => {
    for (const target of ['/?token=', '/?token=x', `/?token=${'A'.repeat(43)}`, '/', '/echo', '/image/1']) {
      const response = await fetch(base + target, { redirect: 'manual' });
      expect(response.status).toBe(403);
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(await response.json()).toMatchObject({
        code: 'forbidden',
        hint: expect.stringContaining('studio serve'),
      });
    }
    const [name] = cookie.split('=');
    for (const wrong of [
      `${name}=`,
      `${name}=x`,
      `${name}=${'A'.repeat(43)}`,
      cookie.replace('studio-', 'other-'),
    ]) {
      expect((await fetch(`${base}/echo`, { headers: { cookie: wrong } })).status).toBe(403);
    }
  });

  it("is not another home's", async () => {
    const other = await serve(standInHandler(''), { home: { folder: '/home/two' } });
    const entered = await fetch(other.url, { redirect: 'manual' });
    expect(entered.headers.get('set-cookie')!.split('=')[0]).not.toBe(cookie.split('=')[0]);
    expect((await fetch(`http://127.0.0.1:${other.port}/echo`, { headers: { cookie } })).status).toBe(403);
    await other.close();
  });
});

describe('who may ask', () => {
  const enter = (headers: Record<string, string>, method = 'GET') =>
    send('/echo', { cookie, ...headers }, method);

  it.each(['127.0.0.1:1', 'localhost:9999', 'LOCALHOST', '[::1]:80', '127.0.0.1'])(
    'lets Host %s in',
    async (host) => {
      expect((await enter({ host })).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io:80',
    '127.0.0.1@evil.example',
    'localhost:80:80',
    '0.0.0.0',
  ])('refuses Host %s (DNS rebinding)', async (host) => {
    const response = await enter({ host });
    expect(response.status).toBe(403);
    expect(response.text).not.toContain('trust');
  });

  it('wants the Origin to equal the Host', async () => {
    const host = 'localhost:8080';
    expect((await enter({ host, origin: `http://${host}` })).status).toBe(200);
    expect((await enter({ host, origin: `http://${host}` }, 'POST')).status).toBe(200);
    for (const origin of ['http://evil.example', 'http://localhost:8081', `https://${host}`, 'null', '']) {
      expect((await enter({ host, origin })).status).toBe(403);
      expect((await enter({ host, origin }, 'POST')).status).toBe(403);
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('wants an Origin for %s', async (method) => {
    expect((await enter({}, method)).status).toBe(403);
  });

  it('refuses what a page on another port of this machine fetches, though the cookie comes along', async () => {
    expect((await enter({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(403);
    expect((await enter({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).status).toBe(403);
    expect((await enter({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).status).toBe(200);
  });

  it('is always a window, whatever it says', async () => {
    const response = await enter({ 'x-studio-trust': 'local' });
    expect(JSON.parse(response.text)).toMatchObject({ trust: 'window' });
  });
});

describe('answers', () => {
  it.each(['/', '/echo', '/nothing', '/throw', '/image/1'])(
    'carry the security headers: %s',
    async (target) => {
      for (const headers of [{ cookie }, {}]) {
        const response = await send(target, headers as Record<string, string>);
        expect(response.headers['content-security-policy']).toContain("default-src 'self'");
        expect(response.headers['content-security-policy']).toContain("frame-ancestors 'none'");
        expect(response.headers['content-security-policy']).not.toMatch(/unsafe|\*/);
        expect(response.headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
        });
        expect(response.headers['access-control-allow-origin']).toBeUndefined();
      }
    },
  );

  it('turn thrown errors into JSON', async () => {
    const response = await send('/throw', { cookie });
    expect(response.status).toBe(409);
    expect(JSON.parse(response.text)).toEqual({
      code: 'conflict',
      message: 'The name is taken',
      hint: 'Choose another.',
    });
  });

  it('keep to this origin: an absolute request target is refused', async () => {
    expect((await send('http://evil.example/echo', { cookie })).status).toBe(400);
  });

  it('carry ranges', async () => {
    const response = await fetch(`${base}/image/1`, { headers: { cookie, range: 'bytes=256-259' } });
    expect(response.status).toBe(206);
    expect([...(await response.bytes())]).toEqual([0, 1, 2, 3]);
  });
});

describe('bodies', () => {
  const origin = () => ({ cookie, origin: base });

  it('stream in', async () => {
    const response = await send('/sum', origin(), 'POST', Buffer.alloc(MAX_BODY));
    expect(JSON.parse(response.text)).toEqual({ bytes: MAX_BODY });
  });

  it('are refused when declared too large, before they are read', async () => {
    const before = seen.requests.length;
    const response = await send(
      '/sum',
      { ...origin(), 'content-length': String(MAX_BODY + 1) },
      'POST',
      Buffer.alloc(MAX_BODY + 1),
    );
    expect(response.status).toBe(413);
    expect(seen.requests.length).toBe(before);
  });

  it('are refused when they grow too large', async () => {
    const response = await fetch(`${base}/sum`, {
      method: 'POST',
      headers: origin(),
      body: megabytes(3),
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('1 MB'),
    });
  });

  it('stream out, event by event, and the engine hears when the client goes', async () => {
    const leave = new AbortController();
    const response = await fetch(`${base}/events`, { headers: { cookie }, signal: leave.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    expect(first).toContain('"count":0');
    expect(first).not.toContain('"count":2');
    leave.abort();
    await vi.waitFor(() => expect(seen.aborted).toContain('/events'));
  });

  it('wait for a slow reader', async () => {
    let made = 0;
    const large = await serve(async () => new Response(megabytes(64, () => made++)), {
      home: { folder: '/home/three' },
    });
    const entered = await fetch(large.url, { redirect: 'manual' });
    const socket = connect(large.port, '127.0.0.1');
    socket.write(
      `GET /x HTTP/1.1\r\nHost: localhost\r\nCookie: ${entered.headers.get('set-cookie')!.split(';')[0]}\r\n\r\n`,
    );
    socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(32); // the kernel's buffers hold a few MB on the loopback device
    socket.destroy();
    await large.close();
  });
});

it('says so where the port is taken', async () => {
  await expect(
    serve(standInHandler(''), { home: { folder: '/h' }, port: serving.port }),
  ).rejects.toMatchObject({
    code: 'conflict',
    hint: expect.stringContaining('--port'),
  });
});

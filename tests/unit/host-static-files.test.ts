import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveStatic } from '../../src-main/host/static-files.ts';

let folder: string;
let root: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-static-'));
  root = path.join(folder, 'renderer');
  mkdirSync(path.join(root, 'assets'), { recursive: true });
  writeFileSync(path.join(folder, 'secret.txt'), 'SECRET');
  writeFileSync(path.join(folder, 'renderer-secret.txt'), 'SECRET');
  writeFileSync(path.join(root, 'index.html'), '<!doctype html>INDEX');
  writeFileSync(path.join(root, 'assets', 'index-Ab3_x9Yz.js'), 'script');
  writeFileSync(path.join(root, 'assets', 'plain.css'), 'style');
  symlinkSync(path.join(folder, 'secret.txt'), path.join(root, 'link.txt'));
  symlinkSync(folder, path.join(root, 'up'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (target: string, init: RequestInit = {}) =>
  serveStatic(root, new Request(`http://localhost${target}`, init));

it('serves files by type; hashed assets for ever, the rest anew', async () => {
  const script = await get('/assets/index-Ab3_x9Yz.js');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect(await script.text()).toBe('script');
  const style = await get('/assets/plain.css');
  expect(style.headers.get('cache-control')).toBe('no-cache');
  const index = await get('/');
  expect(index.headers.get('cache-control')).toBe('no-cache');
  const again = await get('/', { headers: { 'if-none-match': index.headers.get('etag')! } });
  expect(again.status).toBe(304);
});

it('answers a page of the app with index.html, a missing file with 404', async () => {
  expect(await (await get('/runs/12')).text()).toContain('INDEX');
  expect((await get('/assets/gone-12345678.js')).status).toBe(404);
});

describe('never leaves its folder', () => {
  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/../renderer-secret.txt',
    '/..%2frenderer-secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/index.html%00.txt',
    '//etc/passwd.txt',
  ])('%s', async (target) => {
    const response = await get(target);
    expect(await response.text()).not.toContain('SECRET');
    expect(response.status).toBe(404);
  });

  it('refuses bad encoding and other methods', async () => {
    expect((await get('/%E0%A4%A')).status).toBe(400);
    expect((await get('/', { method: 'POST', body: 'x' })).status).toBe(405);
  });
});

it('says what to do where nothing was built', async () => {
  const response = await serveStatic(path.join(folder, 'nothing'), new Request('http://localhost/'));
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ hint: expect.stringContaining('npm run build') });
});

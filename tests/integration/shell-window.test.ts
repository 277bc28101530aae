/** The built main and preload under a fake Electron whose window is a Chromium page, over a stand-in engine.
 *  tests/e2e/shell.spec.ts does the same with the real engine and window. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../build/find-chromium.mjs';
import { buildShell } from '../fixtures/fake-electron/build-shell.ts';
import { ShellUnderTest } from '../fixtures/fake-electron/shell-under-test.ts';
import type { Desktop } from '../../src-shared/desktop.ts';
import { PICTURE } from '../fixtures/fake-electron/stand-in-handler.ts';

// Of the page, for functions that page.evaluate() sends there.
declare const desktop: Desktop;

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures/fake-electron');
let folder: string;
let shell: ShellUnderTest;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-shell-'));
  await buildShell(path.join(folder, 'out'));
  mkdirSync(path.join(folder, 'src-main'));
  const standIn = pathToFileURL(path.join(FIXTURES, 'stand-in-engine.ts')).href;
  writeFileSync(path.join(folder, 'src-main/engine.ts'), `await import('${standIn}');\n`);
  // The built files are ES modules by the package's type.
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  if (findChromium() === null) throw new Error('No Chromium; see build/find-chromium.mjs');
  shell = await ShellUnderTest.start(folder, path.join(folder, 'home'));
}, 120_000);
afterAll(async () => {
  await shell?.quit();
  rmSync(folder, { recursive: true, force: true });
});

const text = (id: string) => shell.page.locator(`#${id}`).textContent();

describe('the build', () => {
  it('has a preload of one CommonJS file that requires only electron', async () => {
    expect(readdirSync(path.join(folder, 'out/preload'))).toEqual(['index.cjs']);
    const source = readFileSync(path.join(folder, 'out/preload/index.cjs'), 'utf8');
    expect([...source.matchAll(/\brequire\(["'`]([^"'`]+)/g)].map((match) => match[1])).toEqual(['electron']);
    expect(source).not.toMatch(/^\s*(import|export)\b|\bimport\(/m);
    expect((await shell.ask('report', null)).preloadRequires).toEqual(['electron']);
  });

  it('has a main of one file that imports electron and Node only: no native module', () => {
    expect(readdirSync(path.join(folder, 'out/main'))).toEqual(['index.js']);
    const source = readFileSync(path.join(folder, 'out/main/index.js'), 'utf8');
    const imported = [
      ...source.matchAll(/(?:\bfrom\s*|^import\s*|\bimport\(|\brequire\()["']([^"']+)["']/gm),
    ].map((match) => match[1]!);
    expect(imported).toContain('electron');
    const others = imported.filter(
      (name) => name !== 'electron' && !builtinModules.includes(name.replace('node:', '')),
    );
    expect(others).toEqual([]);
  });
});

describe('the window', () => {
  it('shows data of the engine, as a window', async () => {
    await expect.poll(() => text('data')).not.toBe('');
    expect(await text('data')).toBe(`trust window pid ${shell.enginePid()}`);
  });

  it('is sandboxed and isolated', async () => {
    const { window, schemes } = await shell.ask('report', null);
    expect(window).toMatchObject({ shown: true, loaded: 'app://studio/' });
    expect(window.options.webPreferences).toEqual({
      preload: path.join(folder, 'out/preload/index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    });
    expect(schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
    ]);
  });

  it('runs no inline script', async () => {
    expect(await text('inline')).toBe('waiting');
  });

  it('cannot be led away', async () => {
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      for (const url of [
        'https://example.com/',
        'file:///etc/passwd',
        'app://other/',
        'app://studio.example.com/',
        'not a url',
      ]) {
        expect(await shell.ask('navigate', { event, url })).toBe(true);
      }
      expect(await shell.ask('navigate', { event, url: 'app://studio/runs/1' })).toBe(false);
    }
    expect(await shell.ask('navigate', { event: 'will-attach-webview', url: '' })).toBe(true);
    expect(await shell.ask('window-open', 'https://example.com/')).toEqual({ action: 'deny' });
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal']) {
      expect(await shell.ask('permission', permission)).toEqual({ granted: false, check: false });
    }
    const copying = await shell.ask('permission', 'clipboard-sanitized-write');
    expect(copying).toEqual({ granted: true, check: true });
    const before = shell.page.url();
    await shell.page.evaluate(`location.href = 'http://example.invalid/'; undefined`);
    await shell.page.waitForTimeout(300);
    expect(shell.page.url()).toBe(before);
    expect(await text('data')).toContain('trust window');
  });
});

describe('the protocol handler itself', () => {
  it('brings events one by one', async () => {
    const answer = await shell.ask('protocol', { url: 'app://studio/events', chunks: 4 });
    expect(answer).toMatchObject({ status: 200, ended: false });
    expect(answer.headers['content-type']).toBe('text/event-stream');
    const counts = answer.chunks.map(
      (chunk) => (JSON.parse(chunk.text.slice('data: '.length)) as { count: number }).count,
    );
    expect(counts).toEqual([0, 1, 2, 3]);
    expect(answer.chunks[3]!.at - answer.chunks[0]!.at).toBeGreaterThan(30); // 20 ms apart, not in one lump
  });

  it('answers ranges', async () => {
    const headers = { range: 'bytes=1000-1009' };
    const answer = await shell.ask('protocol', { url: 'app://studio/image/1', headers });
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe('bytes 1000-1009/4096');
    expect(Buffer.concat(answer.chunks.map((chunk) => Buffer.from(chunk.base64, 'base64')))).toEqual(
      Buffer.from(PICTURE.slice(1000, 1010)),
    );
    expect(
      (await shell.ask('protocol', { url: 'app://studio/image/1', headers: { range: 'bytes=9999-' } }))
        .status,
    ).toBe(416);
  });

  it('sends bodies, carries errors, sets the security headers', async () => {
    const posted = await shell.ask('protocol', {
      url: 'app://studio/sum',
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    expect(JSON.parse(posted.chunks[0]!.text)).toEqual({ bytes: 100_000 });
    const failed = await shell.ask('protocol', { url: 'app://studio/throw' });
    expect(failed.status).toBe(409);
    expect(failed.headers['content-security-policy']).toContain("default-src 'self'");
    expect(failed.headers['x-content-type-options']).toBe('nosniff');
  });

  it('serves its own origin only, and never with the trust of the command line', async () => {
    const origin = 'https://example.com';
    expect((await shell.ask('protocol', { url: 'app://studio/echo', headers: { origin } })).status).toBe(403);
    expect((await shell.ask('protocol', { url: 'app://elsewhere/echo' })).status).toBe(403);
    const headers = { 'x-studio-trust': 'local', origin: 'app://studio' };
    const answer = await shell.ask('protocol', { url: 'app://studio/echo', headers });
    expect(JSON.parse(answer.chunks[0]!.text)).toMatchObject({ trust: 'window' });
  });
});

describe('window.desktop', () => {
  it('has the typed functions and nothing else', async () => {
    expect(await shell.page.evaluate(() => Object.keys(desktop).sort())).toEqual([
      'pickFolder',
      'platform',
      'saveFile',
    ]);
    expect((await shell.ask('report', null)).channels.sort()).toEqual([
      'desktop:pick-folder',
      'desktop:save-file',
    ]);
  });

  it('gives the page an id for a folder of the native dialog', async () => {
    const pick = () => shell.page.evaluate(() => desktop.pickFolder());
    await shell.ask('dialog', '/pictures/set');
    expect(await pick()).toEqual({ id: 'id-of-/pictures/set', path: '/pictures/set' });
    await shell.ask('dialog', null);
    expect(await pick()).toBeNull();
  });

  it('saves a file where the native dialog says; the page names no folder', async () => {
    const save = (name: string) =>
      shell.page.evaluate((suggested) => {
        const bytes = new Uint8Array([1, 2, 255]).buffer;
        return desktop.saveFile(suggested, bytes);
      }, name);
    const target = path.join(folder, 'saved.csv');
    await shell.ask('dialog', target);
    expect(await save('../../etc/results.csv')).toBe(true);
    expect([...readFileSync(target)]).toEqual([1, 2, 255]);
    const { dialogOptions } = await shell.ask('report', null);
    expect(dialogOptions.defaultPath).toBe(path.join(folder, 'home/downloads/results.csv'));
    await shell.ask('dialog', null);
    expect(await save('b.csv')).toBe(false);
  });

  it('hears pages of the studio only', async () => {
    for (const url of ['https://example.com/', 'file:///x', '']) {
      await expect(shell.ask('ipc', { channel: 'desktop:pick-folder', url, args: [] })).rejects.toThrow(
        'Only the studio',
      );
    }
  });
});

describe('the engine', () => {
  it('is started again after SIGKILL: fetch, events and the page go on', async () => {
    const killed = shell.enginePid()!;
    await shell.page.evaluate(`globalThis.mark = 'same page'`);
    process.kill(killed, 'SIGKILL');
    // A request in the gap waits for the next engine.
    const told = await shell.page.evaluate(
      async () => ((await (await fetch('/echo')).json()) as { pid: number }).pid,
    );
    expect(told).not.toBe(killed);
    expect(told).toBe(shell.enginePid());
    await expect.poll(() => text('events'), { timeout: 20_000 }).toContain(`"pid":${told}`);
    expect(await shell.page.evaluate('mark')).toBe('same page');
  });

  it('ends with the shell, and leaves no engine.json', async () => {
    const pid = shell.enginePid()!;
    expect(await shell.quit()).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(path.join(folder, 'home/engine.json'))).toBe(false);
  });
});

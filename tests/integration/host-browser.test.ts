/** The browser host as a real browser meets it: cookies, Origin, Sec-Fetch-* and the CSP are Chromium's own here. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CHROMIUM_SWITCHES, findChromium } from '../../build/find-chromium.mjs';
import { serve } from '../../src-main/host/server.ts';
import type { Serving } from '../../src-main/host/server.ts';
import { STAND_IN_PAGE, standInHandler } from '../fixtures/fake-electron/stand-in-handler.ts';

let browser: Browser;
let page: Page;
let serving: Serving;
let foreign: Server;
let foreignPort: number;

beforeAll(async () => {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('No Chromium; see build/find-chromium.mjs');
  browser = await chromium.launch({ executablePath, args: CHROMIUM_SWITCHES });
  serving = await serve(standInHandler(STAND_IN_PAGE), { home: { folder: '/home/browser' } });
  foreign = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a id="go" href="${serving.url}">open</a>`);
  });
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
  foreignPort = (foreign.address() as AddressInfo).port;
});
afterAll(async () => {
  await browser.close();
  await serving.close();
  foreign.close();
});
beforeEach(async () => {
  page = await browser.newPage();
});
afterEach(() => page.close());

const text = (id: string) => page.locator(`#${id}`).textContent();

it('opens from the printed URL: clean address, fragment kept, data and events, no inline script', async () => {
  await page.goto(`${serving.url}#/run/3`);
  await expect.poll(() => text('data')).toContain('trust window');
  await expect.poll(() => text('events')).toContain('"count":');
  expect(await text('inline')).toBe('waiting');
  expect(page.url()).toBe(`http://127.0.0.1:${serving.port}/#/run/3`);
  expect(await page.evaluate('document.cookie')).toBe('');
  const posted = await page.evaluate(
    `fetch('/sum', { method: 'POST', body: 'abc' }).then((answer) => answer.json())`,
  );
  expect(posted).toEqual({ bytes: 3 });
});

it('opens through another loopback name and port, as an SSH tunnel has it', async () => {
  await page.goto(serving.url.replace('127.0.0.1', 'localhost'));
  await expect.poll(() => text('data')).toContain('trust window');
});

it('opens when the URL is clicked in another site, where a Strict cookie needs the refresh', async () => {
  await page.goto(`http://foreign.localhost:${foreignPort}/`);
  await page.click('#go');
  await expect.poll(() => text('data').catch(() => null)).toContain('trust window');
  expect(page.url()).toBe(`http://127.0.0.1:${serving.port}/`);
});

it('gives nothing to a page on another port of the same host, which has the cookie', async () => {
  const context = page.context();
  await page.goto(serving.url);
  await page.goto(`http://127.0.0.1:${foreignPort}/`);
  expect((await context.cookies(`http://127.0.0.1:${foreignPort}`)).length).toBe(1); // cookies know no port
  const target = JSON.stringify(`http://127.0.0.1:${serving.port}`);
  const attempts = [
    `fetch(${target} + '/echo', { credentials: 'include' }).then((answer) => answer.text())`,
    `fetch(${target} + '/sum', { method: 'POST', body: 'x', credentials: 'include' }).then((answer) => answer.text())`,
    `new Promise((resolve, reject) => { const image = new Image(); image.onload = resolve; image.onerror = () => reject(new Error('refused')); image.src = ${target} + '/image/1'; })`,
    `new Promise((resolve, reject) => { const script = document.createElement('script'); script.onload = resolve; script.onerror = () => reject(new Error('refused')); script.src = ${target} + '/page.js'; document.head.append(script); })`,
  ];
  for (const attempt of attempts)
    await expect(page.evaluate(attempt)).rejects.toThrow(/refused|Failed to fetch/);
});

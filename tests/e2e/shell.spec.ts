/** The real engine and the built window under the real shell, whose `electron` is the fake of tests/fixtures/fake-electron
 *  and whose window is a Chromium page. The real Electron program is not run here (docs/shell.md). */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import sharp from 'sharp';
import { ShellUnderTest } from '../fixtures/fake-electron/shell-under-test.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const NODE = path.join(ROOT, 'node_modules/node/bin/node');
const IMAGES = 12;

let folder: string;
let shell: ShellUnderTest;
const problems: string[] = [];

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  for (const built of ['main/index.js', 'preload/index.cjs', 'renderer/index.html']) {
    if (!existsSync(path.join(ROOT, 'out', built))) throw new Error(`out/${built} is missing: npm run build`);
  }
  folder = mkdtempSync(path.join(tmpdir(), 'studio-shell-e2e-'));
  await writeDataset(path.join(folder, 'garden'));
  const home = path.join(folder, 'home');
  const command = [
    'src-main/cli.ts',
    'import',
    path.join(folder, 'garden'),
    '--name',
    'garden',
    '--scale',
    '1,5',
    '--better',
    'higher',
    '--json',
    '--home',
    home,
  ];
  execFileSync(NODE, command, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  shell = await ShellUnderTest.start(ROOT, home);
  shell.page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  shell.page.on('pageerror', (error) => problems.push(error.message));
});

test.afterAll(async () => {
  await shell?.quit();
  rmSync(folder, { recursive: true, force: true });
});

/** Grey ramps of different slope, and a label file that needs no question. */
async function writeDataset(target: string): Promise<void> {
  mkdirSync(target);
  const rows = ['image,mos'];
  for (let i = 0; i < IMAGES; i++) {
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * (i + 1)) % 256);
    const name = `picture-${i}.png`;
    await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toFile(path.join(target, name));
    rows.push(`${name},${(1 + i / 3).toFixed(2)}`);
  }
  writeFileSync(path.join(target, 'labels.csv'), rows.join('\n'));
}

test('the window shows the first page with data', async () => {
  await expect(shell.page.getByRole('link', { name: 'garden' }).first()).toBeVisible();
  await expect(shell.page.getByText(path.join(folder, 'garden')).first()).toBeVisible();
});

test('a picture of the grid comes through the protocol handler', async () => {
  await shell.page.getByRole('link', { name: 'garden' }).first().click();
  const thumbnail = shell.page.locator('img[src*="/thumb/"]').first();
  await expect(thumbnail).toBeVisible();
  await expect
    .poll(() => thumbnail.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
    .toBe(64);
});

test('events and ranges of the engine come through the protocol handler itself', async () => {
  const events = await shell.ask('protocol', { url: 'app://studio/events', chunks: 1 });
  expect(events.headers['content-type']).toContain('text/event-stream');
  expect(JSON.parse(/^data: (.*)$/m.exec(events.chunks[0]!.text)![1]!)).toMatchObject({ type: 'hello' });
  const id = await firstImage();
  const url = `app://studio/image/${id}`;
  const whole = await shell.ask('protocol', { url });
  const bytes = Buffer.concat(whole.chunks.map((chunk) => Buffer.from(chunk.base64, 'base64')));
  expect(bytes).toEqual(readFileSync(path.join(folder, 'garden/picture-0.png')));
  const part = await shell.ask('protocol', { url, headers: { range: 'bytes=1-3' } });
  expect(part.status).toBe(206);
  expect(part.headers['content-range']).toBe(`bytes 1-3/${bytes.length}`);
  expect(part.chunks[0]!.text).toBe('PNG');
});

test('a folder of the native dialog can be imported by its id', async () => {
  const second = path.join(folder, 'meadow');
  await writeDataset(second);
  await shell.ask('dialog', second);
  const picked = await shell.page.evaluate('window.desktop.pickFolder()');
  expect(picked).toMatchObject({ path: second, id: expect.stringMatching(/^[\w-]{16}$/) });
  const { id } = picked as { id: string };
  const scan = await post('datasets.scan', { folder: { id } });
  expect(scan).toMatchObject({ status: 200, text: expect.stringContaining('"job":') });
  // The page itself may not name a path.
  expect((await post('datasets.scan', { folder: { path: second } })).status).toBeGreaterThanOrEqual(400);
});

test('nothing was logged as an error so far', () => {
  expect(problems).toEqual([]);
});

test('the engine is restarted after SIGKILL and the window goes on', async () => {
  const killed = shell.enginePid()!;
  process.kill(killed, 'SIGKILL');
  // Asked in the gap: the answer waits for the next engine, on the same page.
  await shell.page.evaluate(`location.hash = '#/datasets'; globalThis.mark = 'same page'; undefined`);
  await expect(shell.page.getByRole('link', { name: 'garden' }).first()).toBeVisible({ timeout: 30_000 });
  const names = await shell.page.evaluate(`fetch('/trpc/datasets.list').then((answer) => answer.text())`);
  expect(names).toContain('"garden"');
  expect(shell.enginePid()).not.toBe(killed);
  expect(await shell.page.evaluate('globalThis.mark')).toBe('same page');
  await shell.page.reload();
  await expect(shell.page.getByRole('link', { name: 'garden' }).first()).toBeVisible();
});

test('quitting ends the engine', async () => {
  const pid = shell.enginePid()!;
  expect(await shell.quit()).toBe(0);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

async function post(procedure: string, input: unknown): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json', origin: 'app://studio' };
  const url = `app://studio/trpc/${procedure}`;
  const answer = await shell.ask('protocol', { url, method: 'POST', headers, body: JSON.stringify(input) });
  return { status: answer.status, text: answer.chunks.map((chunk) => chunk.text).join('') };
}

async function firstImage(): Promise<number> {
  const source = await shell.page.locator('img[src*="/thumb/"]').first().getAttribute('src');
  return Number(/\/thumb\/(\d+)/.exec(source!)![1]);
}

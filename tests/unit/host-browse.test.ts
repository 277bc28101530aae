import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderBrowser, registerFolder } from '../../src-main/host/browse.ts';

let folder: string;
let root: string;
let browser: FolderBrowser;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'studio-browse-')));
  root = path.join(folder, 'root');
  mkdirSync(path.join(root, 'set 2', 'images'), { recursive: true });
  mkdirSync(path.join(root, 'set 10'));
  mkdirSync(path.join(root, '.hidden'));
  mkdirSync(path.join(folder, 'outside', 'inner'), { recursive: true });
  for (const name of ['a.png', 'b.JPG', 'c.tiff', 'labels.csv', 'mos.mat', 'notes.md', '.d.png']) {
    writeFileSync(path.join(root, name), '');
  }
  symlinkSync(path.join(folder, 'outside'), path.join(root, 'escape'));
  symlinkSync(path.join(root, 'set 2'), path.join(root, 'alias'));
  symlinkSync(path.join(root, 'gone'), path.join(root, 'dangling'));
  browser = new FolderBrowser(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = async (name: string) => (await browser.start()).folders.find((one) => one.name === name)!;

it('lists subfolders, label files and the number of images, in natural order', async () => {
  const listing = await browser.start();
  expect(listing).toMatchObject({
    path: root,
    parent: null,
    labelFiles: ['labels.csv', 'mos.mat'],
    images: 3,
  });
  expect(listing.folders.map((one) => one.name)).toEqual(['alias', 'set 2', 'set 10']);
});

it('walks down and up by ids that tell nothing', async () => {
  const start = await browser.start();
  const set = await browser.list((await entry('set 2')).id);
  expect(set).toMatchObject({ path: path.join(root, 'set 2'), parent: start.id, images: 0 });
  expect(set.folders.map((one) => one.name)).toEqual(['images']);
  expect(set.id).toMatch(/^[\w-]{16}$/);
  expect((await browser.start()).id).toBe(start.id);
});

describe('stays below its root', () => {
  it('does not know ids that it did not give, nor paths', async () => {
    for (const id of ['', 'x', root, '../outside', path.join(folder, 'outside')]) {
      await expect(browser.list(id)).rejects.toMatchObject({ code: 'not-found' });
      await expect(browser.pathOf(id)).rejects.toMatchObject({ code: 'not-found' });
    }
  });

  it('leaves out links that lead away', async () => {
    expect(await entry('escape')).toBeUndefined();
    expect(await entry('dangling')).toBeUndefined();
  });

  it('refuses a folder that became a link to elsewhere after it was listed', async () => {
    const { id } = await entry('set 10');
    rmSync(path.join(root, 'set 10'), { recursive: true });
    symlinkSync(path.join(folder, 'outside'), path.join(root, 'set 10'));
    await expect(browser.pathOf(id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(browser.list(id)).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('files of encoders', () => {
  beforeEach(() => {
    for (const file of ['root/net.onnx', 'root/net.json', 'root/set 2/deep.onnx', 'outside/secret.json']) {
      writeFileSync(path.join(folder, file), '');
    }
    symlinkSync(path.join(folder, 'outside/secret.json'), path.join(root, 'secret.json'));
    symlinkSync(path.join(root, 'set 2/deep.onnx'), path.join(root, 'linked.onnx'));
  });

  it('are listed, links only where they stay below the root', async () => {
    expect((await browser.start()).encoderFiles).toEqual(['linked.onnx', 'net.json', 'net.onnx']);
  });

  it('have their own place, not that of a link', async () => {
    const { id } = await browser.start();
    expect(await browser.fileIn(id, 'linked.onnx')).toBe(path.join(root, 'linked.onnx'));
    await expect(browser.fileIn(id, 'secret.json')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(browser.fileIn(id, 'gone.json')).rejects.toMatchObject({ code: 'not-found' });
    for (const name of [
      '',
      '.',
      '..',
      '.d.png',
      'set 2/deep.onnx',
      '../outside/secret.json',
      'a\\b',
      'set 2',
    ]) {
      await expect(browser.fileIn(id, name)).rejects.toMatchObject({ code: 'bad-input' });
    }
    const place = (file: string) => browser.placeOf(id, path.join(root, file));
    expect([await place('net.onnx'), await place('secret.json'), await place('gone')]).toEqual([
      'inside',
      'outside',
      'missing',
    ]);
  });
});

it('a registered folder is a root of its own', async () => {
  const id = await browser.register(path.join(folder, 'outside'));
  const listing = await browser.list(id);
  expect(listing).toMatchObject({ path: path.join(folder, 'outside'), parent: null });
  const inner = await browser.list(listing.folders[0]!.id);
  expect(inner.parent).toBe(id);
  await expect(browser.register(path.join(root, 'a.png'))).rejects.toMatchObject({ code: 'bad-input' });
  await expect(browser.register(path.join(root, 'gone'))).rejects.toMatchObject({ code: 'not-found' });
});

it('names a folder without rights', async () => {
  const closed = path.join(root, 'set 10');
  const { id } = await entry('set 10');
  chmodSync(closed, 0);
  // root reads everything; for everybody else it is an error with the folder's name
  if (process.getuid?.() === 0) expect((await browser.list(id)).path).toBe(closed);
  else await expect(browser.list(id)).rejects.toMatchObject({ code: 'no-permission', file: closed });
  chmodSync(closed, 0o755);
});

describe('registerFolder', () => {
  const post = (body: unknown) =>
    new Request('http://localhost/folders/register', { method: 'POST', body: JSON.stringify(body) });

  it('gives a local client an id', async () => {
    const response = await registerFolder(browser, post({ path: root }), { trust: 'local' });
    const { id } = (await response.json()) as { id: string };
    expect(await browser.pathOf(id)).toBe(root);
  });

  it('refuses a window, and anything but an absolute path', async () => {
    expect((await registerFolder(browser, post({ path: root }), { trust: 'window' })).status).toBe(403);
    for (const body of [null, {}, { path: 3 }, { path: 'relative' }]) {
      expect((await registerFolder(browser, post(body), { trust: 'local' })).status).toBe(400);
    }
    expect((await registerFolder(browser, post({ path: '/no/such' }), { trust: 'local' })).status).toBe(404);
  });
});

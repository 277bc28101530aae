/** Bad folders and files through the command line: each gets a message with file and remedy, and nothing is lost. */
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorShape } from '../../src-shared/errors.ts';
import { makeSmallDataset, SMALL_DATASET_FLAGS } from '../fixtures/small-dataset.ts';
import { featuresIn, startStudio, studio, temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const data = temporary('data');
const home = temporary('home');
const GOOD_IMAGES = 12;

beforeAll(async () => {
  const good = path.join(data, 'good');
  await makeSmallDataset(good, { images: GOOD_IMAGES });
  expect((await studio(['import', good, ...SMALL_DATASET_FLAGS], { home })).code).toBe(0);
  expect((await studio(['extract', '--dataset', 'good', '--streams', 'nss'], { home })).code).toBe(0);
});
afterAll(async () => {
  // After everything above: what was there before is there still.
  const { datasets } = (await studio(['datasets', '--json'], { home })).json<{
    datasets: { name: string; images: number; unreadable: number }[];
  }>();
  expect(datasets.find((d) => d.name === 'good')).toMatchObject({
    images: GOOD_IMAGES,
    missing: 0,
    unreadable: 0,
  });
  expect(featuresIn(home)).toBeGreaterThanOrEqual(GOOD_IMAGES);
});

/** A folder with these files. */
function folderOf(name: string, files: Record<string, string | Uint8Array> = {}): string {
  const folder = path.join(data, name);
  mkdirSync(folder);
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content);
  return folder;
}
const importing = (folder: string, ...flags: string[]) =>
  studio(['import', folder, ...SMALL_DATASET_FLAGS, ...flags, '--json'], { home });
/** The error of an import that must fail; it names a file and a remedy, on stderr too. */
async function refusal(folder: string, ...flags: string[]): Promise<ErrorShape> {
  const ended = await importing(folder, ...flags);
  expect(ended.code).toBe(1);
  const { error } = ended.json<{ error: ErrorShape }>();
  expect(error.file).toContain(folder);
  expect(error.hint).toBeTruthy();
  for (const part of [error.message, error.file!, error.hint!]) expect(ended.stderr).toContain(part);
  return error;
}

describe('pictures that can not be read', () => {
  /** A PNG of a few hundred bytes that claims to be 30,000 x 30,000 (2.7 GB decoded). */
  function bomb(): Buffer {
    const chunk = (type: string, content: Buffer) => {
      const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(content.length);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const header = Buffer.from([0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30, 8, 2, 0, 0, 0]);
    const pixels = deflateSync(Buffer.alloc(200_000));
    return Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', pixels),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }

  it('are set aside with their reason; the job goes on and says how many failed', async () => {
    const jpeg = await sharp({
      create: {
        width: 96,
        height: 80,
        channels: 3,
        background: '#48c',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    })
      .jpeg({ quality: 95 })
      .toBuffer();
    const names = ['fine.jpg', 'cut.jpg', 'bomb.png', 'page.jpg', 'empty.png', 'tiny.png'];
    const folder = folderOf('pictures', {
      'fine.jpg': jpeg,
      'cut.jpg': jpeg.subarray(0, jpeg.length * 0.6),
      'bomb.png': bomb(),
      'page.jpg': '<!doctype html><title>404</title>',
      'empty.png': '',
      'tiny.png': await sharp({ create: { width: 3, height: 3, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
      'labels.csv': `image,mos\n${names.map((n, i) => `${n},${1 + i / 2}`).join('\n')}\nabsent.png,2\n`,
    });
    const imported = await importing(folder);
    // A truncated file and a tiny one have a good header: they show when they are decoded.
    expect([imported.code, imported.json()]).toMatchObject([
      0,
      { dataset: { images: 3, unreadable: 3, missing: 1 } },
    ]);
    const started = performance.now();
    const extracted = await studio(['extract', '--dataset', 'pictures', '--streams', 'nss', '--json'], {
      home,
    });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect([extracted.code, extracted.json()]).toMatchObject([0, { streams: [{ done: 1, failed: 5 }] }]);
    const listed = await studio(['datasets', '--json'], { home });
    expect(listed.json<{ datasets: object[] }>().datasets).toContainEqual(
      expect.objectContaining({ name: 'pictures', unreadable: 4, missing: 1 }),
    );

    const serving = startStudio(['serve', '--json'], { home });
    const [, url] = await serving.says(/"url":"([^"]+)"/);
    const cookie = (await fetch(url!, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0]!;
    const ask = async (call: string, input: unknown) => {
      const target = `${new URL(url!).origin}/trpc/${call}?input=${encodeURIComponent(JSON.stringify(input))}`;
      return ((await (await fetch(target, { headers: { cookie } })).json()) as { result: { data: unknown } })
        .result.data;
    };
    const failures = (await ask('streams.failures', { dataset: 2, stream: 'nss' })) as {
      name: string;
      code: string;
      reason: string;
    }[];
    expect(Object.fromEntries(failures.map((f) => [f.name, f.code]))).toEqual({
      'cut.jpg': 'unreadable-image',
      'bomb.png': 'unsupported-image',
      'page.jpg': 'unsupported-image',
      'empty.png': 'unreadable-image',
      'tiny.png': 'unsupported-image',
    });
    expect(failures.find((f) => f.name === 'bomb.png')!.reason).toMatch(/900 megapixels/);
    expect(failures.find((f) => f.name === 'cut.jpg')!.reason).toMatch(/truncated|damaged/);
    serving.child.kill('SIGTERM');
    await serving.ended;

    // The file comes back whole: importing again and extracting again mends it (the same bytes as fine.jpg: computed once).
    writeFileSync(path.join(folder, 'cut.jpg'), jpeg);
    expect((await importing(folder)).json()).toMatchObject({
      dataset: { images: 3, unreadable: 3, missing: 1 },
    });
    const again = await studio(['extract', '--dataset', 'pictures', '--streams', 'nss', '--json'], { home });
    expect(again.json()).toMatchObject({ streams: [{ done: 2, failed: 4, reused: 2 }] });
  });
});

describe('folders', () => {
  it('that are empty, not there, or files', async () => {
    expect(await refusal(folderOf('empty'))).toMatchObject({ code: 'not-found' });
    expect(await refusal(path.join(data, 'nowhere'))).toMatchObject({ code: 'not-found' });
    expect(
      await refusal(path.join(folderOf('f', { 'x.csv': 'image,mos\na.png,1\n' }), 'x.csv')),
    ).toMatchObject({ code: 'bad-input' });
    expect((await refusal(folderOf('pictures-only', { 'a.png': 'x' }))).hint).toContain('label file');
  });

  // Root may read everything: the command then runs as "nobody", with a home of its own.
  it('without the right to read them', async () => {
    const folder = folderOf('closed', { 'labels.csv': 'image,mos\na.png,1\n' });
    chmodSync(folder, 0o000);
    chmodSync(data, 0o755);
    const root = process.getuid?.() === 0;
    const own = temporary('nobody');
    if (root) chownSync(own, 65534, 65534);
    const ended = await studio(['import', folder, ...SMALL_DATASET_FLAGS, '--json'], {
      home: own,
      ...(root ? { uid: 65534 } : {}),
    });
    chmodSync(folder, 0o755);
    expect(ended.code).toBe(1);
    expect(ended.json()).toMatchObject({
      error: { code: 'no-permission', file: folder, hint: expect.stringContaining('read access') as string },
    });
  });

  it('for the home that can not be written', async () => {
    const root = process.getuid?.() === 0;
    const closed = path.join(data, 'closed-home');
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    const ended = await studio(['datasets', '--json'], {
      home: path.join(closed, 'home'),
      ...(root ? { uid: 65534 } : {}),
    });
    expect(ended.code).toBe(1);
    expect(ended.json()).toMatchObject({
      error: { code: 'no-permission', hint: expect.stringContaining('--home') as string },
    });
  });
});

describe('label files', () => {
  it('that are something else', async () => {
    const page = folderOf('page', { 'labels.csv': '<!DOCTYPE html>\n<html><body>Sign in</body></html>\n' });
    expect(await refusal(page)).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('web page') as string,
      file: path.join(page, 'labels.csv'),
    });
    expect(
      (await refusal(folderOf('zip', { 'labels.csv': Buffer.from('PK\x03\x04rest') }))).message,
    ).toContain('Excel');
    expect((await refusal(folderOf('zeros', { 'labels.csv': Buffer.alloc(4000) }))).code).toBe('bad-input');
    expect((await refusal(folderOf('lonely', { 'labels.csv': 'image,mos\n' }))).code).toBe('bad-input');
  });

  it('whose rows contradict each other, until a rule is given', async () => {
    const folder = folderOf('twice', { 'labels.csv': 'image,mos\na.png,1\nb.png,2\na.png,3\na.png,1\n' });
    const error = await refusal(folder);
    expect(error).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('a.png') as string,
      hint: expect.stringContaining('--duplicates mean') as string,
    });
    expect((await importing(folder, '--duplicates', 'first')).json()).toMatchObject({
      dataset: { missing: 2, duplicates: 2 },
    });
  });

  it('with scores that are no numbers: those rows are skipped, and a file of nothing else refused', async () => {
    const some = folderOf('nan', {
      'labels.csv': 'image,mos\na.png,NaN\nb.png,2\nc.png,\nd.png,inf\ne.png,high\n',
    });
    expect((await importing(some)).json()).toMatchObject({ dataset: { missing: 1 } });
    const all = folderOf('all-nan', { 'labels.csv': 'image,mos\na.png,NaN\nb.png,-\n' });
    expect(await refusal(all)).toMatchObject({
      code: 'bad-input',
      file: path.join(all, 'labels.csv'),
      hint: expect.stringContaining('--label') as string,
    });
  });

  it('of a million rows, in bounded time and memory', async () => {
    const folder = folderOf('million');
    const file = openSync(path.join(folder, 'labels.csv'), 'w');
    writeSync(file, 'image,mos\n');
    for (let part = 0; part < 100; part++) {
      writeSync(
        file,
        Array.from({ length: 10_000 }, (_, i) => `img${i}.jpg,${1 + ((i * 7 + part) % 401) / 100}\n`).join(
          '',
        ),
      );
    }
    closeSync(file);
    expect(await refusal(folder)).toMatchObject({ code: 'conflict' });
    const started = performance.now();
    const ended = await studio(['import', folder, ...SMALL_DATASET_FLAGS, '--duplicates', 'mean', '--json'], {
      home,
      env: { NODE_OPTIONS: '--max-old-space-size=1500' },
    });
    expect([ended.code, ended.json()]).toMatchObject([
      0,
      { dataset: { images: 0, missing: 10_000, duplicates: 990_000 } },
    ]);
    expect(performance.now() - started).toBeLessThan(45_000);
  });
});

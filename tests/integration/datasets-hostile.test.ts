/** Acceptance 7: whatever a folder holds, a message with file and remedy comes back and nothing is lost. */
import { execFile } from 'node:child_process';
import { chmodSync, createWriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { scanInWorker } from '../../src-main/datasets/scan-thread.ts';
import { MAX_PROBLEMS, scanFolder } from '../../src-main/datasets/scan.ts';
import { decodePicture } from '../../src-main/images/decode.ts';
import type { ImportOptions } from '../../src-shared/dataset.ts';
import { makeTree, TINY_PNG } from './datasets-tree.ts';

const given: ImportOptions = { scale: [1, 5], better: 'higher' };
const scan = (folder: string, options: ImportOptions = given) => scanFolder(folder, options, new Map(), {});
const message = { hint: expect.stringMatching(/\w/), message: expect.stringMatching(/\w/) };

describe('hostile folders', () => {
  it('truncated JPEG, zip bomb PNG, text named .png, empty file, folder named like an image: unreadable or missing, the rest goes on', async () => {
    const jpeg = await sharp({
      create: {
        width: 200,
        height: 200,
        channels: 3,
        background: '#a41',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    })
      .jpeg()
      .toBuffer();
    const bomb = Buffer.from(TINY_PNG);
    bomb.writeUInt32BE(50_000, 16);
    bomb.writeUInt32BE(50_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const cut = jpeg.subarray(0, jpeg.length / 2);
    const folder = makeTree({
      'l.csv':
        'image,mos\nok.png,3\nheader.jpg,3\nbomb.png,3\ntext.png,3\nempty.png,3\nfolder.png,3\ncut.jpg,3\n',
      'ok.png': TINY_PNG,
      'header.jpg': jpeg.subarray(0, 100),
      'bomb.png': bomb,
      'text.png': '<html>404</html>',
      'empty.png': '',
      'folder.png/x.txt': '',
      'cut.jpg': cut,
    });
    const { images, problems } = await scan(folder);
    expect(images.map(({ name, status, reason }) => [name, status, reason])).toEqual([
      ['ok.png', 'ok', null],
      ['header.jpg', 'unreadable', expect.stringContaining('truncated')],
      ['bomb.png', 'unreadable', expect.stringContaining('2500 megapixels')],
      ['text.png', 'unreadable', expect.stringContaining('HTML')],
      ['empty.png', 'unreadable', expect.stringContaining('empty')],
      ['folder.png', 'missing', 'not in the folder'],
      // Its header is whole; decoding, which finds the cut, happens at extraction.
      ['cut.jpg', 'ok', null],
    ]);
    expect(problems.map(({ kind }) => kind)).toEqual([
      'unreadable',
      'unreadable',
      'unreadable',
      'unreadable',
      'missing',
    ]);
    await expect(decodePicture(cut, 'cut.jpg')).rejects.toMatchObject({
      code: 'unreadable-image',
      file: 'cut.jpg',
      ...message,
    });
  });

  it('HTML named .csv, alone and beside a good label file', async () => {
    const alone = makeTree({ 'labels.csv': '<!DOCTYPE html>\n<html></html>', 'a.png': TINY_PNG });
    await expect(scan(alone)).rejects.toMatchObject({
      code: 'bad-input',
      file: path.join(alone, 'labels.csv'),
      ...message,
    });
    const beside = makeTree({
      'page.csv': '<html>',
      'labels.csv': 'image,mos\na.png,3\n',
      'a.png': TINY_PNG,
    });
    expect((await scan(beside)).images).toHaveLength(1);
  });

  it('an empty folder, no folder, a file, a folder without labels', async () => {
    const empty = makeTree({});
    await expect(scan(empty)).rejects.toMatchObject({ code: 'not-found', file: empty, ...message });
    await expect(scan(path.join(empty, 'gone'))).rejects.toMatchObject({
      code: 'not-found',
      file: path.join(empty, 'gone'),
      ...message,
    });
    const folder = makeTree({ 'a.png': TINY_PNG });
    await expect(scan(path.join(folder, 'a.png'))).rejects.toMatchObject({
      code: 'bad-input',
      message: /not a folder/,
    });
    await expect(scan(folder)).rejects.toMatchObject({
      code: 'not-found',
      file: folder,
      message: /holds 1 pictures/,
      hint: /dmos.csv/,
    });
  });

  it('a folder, a label file and an image without rights', async () => {
    const closed = makeTree({ 'l.csv': 'image,mos\na.png,3\n' });
    const closedLabels = makeTree({ 'l.csv': 'image,mos\na.png,3\n' });
    const closedImage = makeTree({
      'l.csv': 'image,mos\na.png,3\nsub/b.png,3\n',
      'a.png': TINY_PNG,
      'sub/b.png': TINY_PNG,
    });
    for (const folder of [closedLabels, closedImage]) chmodSync(folder, 0o755);
    for (const file of [
      closed,
      path.join(closedLabels, 'l.csv'),
      path.join(closedImage, 'a.png'),
      path.join(closedImage, 'sub'),
    ]) {
      chmodSync(file, 0o000);
    }
    const results = [closed, closedLabels, closedImage].map((folder) => scanWithoutRights(folder));
    const [first, second, third] = await Promise.all(results);
    chmodSync(closed, 0o755);
    chmodSync(path.join(closedImage, 'sub'), 0o755);
    expect(first).toMatchObject({ code: 'no-permission', file: closed, ...message });
    expect(second).toMatchObject({
      code: 'no-permission',
      file: path.join(closedLabels, 'l.csv'),
      ...message,
    });
    expect(third).toMatchObject({
      images: [
        { name: 'a.png', status: 'unreadable', reason: expect.stringContaining('No permission') },
        { name: 'sub/b.png', status: 'missing' },
      ],
      notes: expect.arrayContaining([expect.stringMatching(/Subfolder sub: No permission/)]),
    });
  });

  it('duplicate rows: identical ones collapse, conflicting ones are refused with the remedy that works', async () => {
    const same = makeTree({ 'l.csv': 'image,mos\na.png,3\nb.png,2\nA.PNG,3\n', 'a.png': TINY_PNG });
    const draft = await scan(same);
    expect(draft).toMatchObject({ duplicates: 1, images: [{ name: 'a.png' }, { name: 'b.png' }] });
    expect(draft.problems[0]).toEqual({ kind: 'duplicate', name: 'A.PNG', reason: 'row 4: same as row 2' });
    const conflict = makeTree({ 'l.csv': 'image,mos\na.png,3\nb.png,2\na.png,5\n' });
    await expect(scan(conflict)).rejects.toMatchObject({
      code: 'conflict',
      file: path.join(conflict, 'l.csv'),
      message: /a.png: row 2 says 3, row 4 says 5/,
      hint: /--duplicates mean.*--duplicates first/,
    });
    expect((await scan(conflict, { ...given, duplicates: 'mean' })).images[0]!.labels[0]!.mos).toBe(4);
    expect((await scan(conflict, { ...given, duplicates: 'first' })).images[0]!.labels[0]!.mos).toBe(3);
  });

  it('NaN scores only', async () => {
    const folder = makeTree({ 'l.csv': 'image,mos\na.png,NaN\nb.png,#REF!\n' });
    await expect(scan(folder)).rejects.toMatchObject({
      code: 'bad-input',
      file: path.join(folder, 'l.csv'),
      message: /2 rows/,
      hint: /--label COLUMN/,
    });
  });

  it('a million rows, from the worker thread', async () => {
    const folder = makeTree({ 'a.png': TINY_PNG });
    const file = createWriteStream(path.join(folder, 'labels.csv'));
    file.write('image,mos\na.png,3\n');
    for (let row = 0; row < 1_000_000; row += 10_000) {
      file.write(
        Array.from({ length: 10_000 }, (_, i) => `p${row + i}.jpg,${1 + ((row + i) % 400) / 100}\n`).join(''),
      );
    }
    file.end();
    await finished(file);
    const started = performance.now();
    const before = process.cpuUsage();
    const { images, problems } = await scanInWorker(folder, given, new Map(), {});
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1e6;
    console.log(
      `1,000,001 rows: ${((performance.now() - started) / 1000).toFixed(1)} s, ${cpu.toFixed(1)} s of CPU`,
    );
    expect(images).toHaveLength(1_000_001);
    expect(images.filter(({ status }) => status === 'missing')).toHaveLength(1_000_000);
    expect(images[1_000_000]).toMatchObject({
      name: 'p999999.jpg',
      labels: [{ mos: 1 + (999_999 % 400) / 100 }],
    });
    expect(problems).toHaveLength(MAX_PROBLEMS);
    // CPU time of both threads, since other tests share the cores.
    expect(cpu).toBeLessThan(30);
  }, 180_000);
});

/** Scans as an unprivileged user: the tests may run as root, whom no mode stops. */
async function scanWithoutRights(folder: string): Promise<unknown> {
  const scanFile = path.resolve(import.meta.dirname, '../../src-main/datasets/scan.ts');
  const code = `
    if (process.getuid?.() === 0) process.seteuid(65534);
    const [, folder, scanFile] = process.argv;
    const { scanFolder } = await import(scanFile);
    const print = (result) => console.log(JSON.stringify(result));
    await scanFolder(folder, { scale: [1, 5], better: 'higher' }, new Map(), {}).then(print, (error) => print(error.toShape()));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    code,
    folder,
    scanFile,
  ]);
  return JSON.parse(stdout);
}

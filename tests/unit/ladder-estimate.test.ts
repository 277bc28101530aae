/** What a folder's ladder will take, estimated from headers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { measureSources } from '../../src-main/distortions/ladder-sources.ts';
import { ladderBytes } from '../../src-shared/ladders.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const png = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#456' } })
    .png()
    .toBuffer();

it('counts usable pictures in subfolders, and scales a sample up', async () => {
  const folder = temporary('sources');
  mkdirSync(path.join(folder, 'more'));
  writeFileSync(path.join(folder, 'a.png'), await png(64, 48));
  writeFileSync(path.join(folder, 'more', 'b.png'), await png(100, 40));
  writeFileSync(path.join(folder, 'small.png'), await png(31, 400)); // too small to distort
  writeFileSync(path.join(folder, 'broken.png'), 'no picture');
  const rawBytes = 3 * (64 * 48 + 100 * 40);
  expect(await measureSources(folder, path.join(folder, 'out'))).toEqual({ pictures: 2, rawBytes });

  const many = temporary('many');
  const picture = await png(40, 50);
  for (let i = 0; i < 250; i++) writeFileSync(path.join(many, `${i}.png`), picture);
  expect(await measureSources(many, path.join(many, 'out'))).toEqual({ pictures: 250, rawBytes: 250 * 6000 });
});

it('needs the pristine copy and a picture per rung', () => {
  expect(ladderBytes(1000, 0)).toBeGreaterThan(0);
  expect(ladderBytes(1000, 9)).toBeCloseTo(10 * ladderBytes(1000, 0), 9);
});

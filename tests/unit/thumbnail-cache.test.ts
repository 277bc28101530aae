/** The thumbnail cache: bounded in bytes, least recently used out first, also over a restart; whole files only. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ThumbnailCache } from '../../src-main/images/thumbnail-cache.ts';
import { contentOf } from '../fixtures/catalog-rows.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';

const temporary = temporaryFolders();
const key = (name: string, size = 256) => ({ content: contentOf(name), size });
const picture = (bytes: number) => Buffer.alloc(bytes, 7);

/** All files below a folder with their sizes. */
function filesIn(folder: string): number[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(path.join(entry.parentPath, entry.name)).size);
}

describe('thumbnail cache', () => {
  it('keeps by content, size and decoder, and gives back the same bytes after a restart', async () => {
    const folder = temporary('thumbnails');
    const cache = new ThumbnailCache({ folder, budgetBytes: 1e6 });
    expect(await cache.get(key('a'))).toBeNull();
    await cache.put(key('a'), Buffer.from('small'));
    await cache.put(key('a', 512), Buffer.from('large'));
    const again = new ThumbnailCache({ folder, budgetBytes: 1e6 });
    expect(String(await again.get(key('a')))).toBe('small');
    expect(String(await again.get(key('a', 512)))).toBe('large');
    expect(await again.get(key('a', 128))).toBeNull();
    expect(
      existsSync(path.join(folder, contentOf('a').slice(0, 2), `${contentOf('a')}-256-decoder-1.webp`)),
    ).toBe(true);
  });

  it('never holds more than its bound, and lets the least recently used go', async () => {
    const folder = temporary('thumbnails');
    const cache = new ThumbnailCache({ folder, budgetBytes: 1000 });
    for (let i = 0; i < 10; i++) await cache.put(key(`${i}`), picture(100));
    await cache.get(key('0')); // used again: 1 and 2 are the oldest now
    await cache.put(key('10'), picture(100));
    const left = await Promise.all(
      Array.from({ length: 11 }, async (_, i) => (await cache.get(key(`${i}`))) !== null),
    );
    expect(left).toEqual([true, false, false, ...Array.from({ length: 8 }, () => true)]);
    expect(filesIn(folder).reduce((a, b) => a + b, 0)).toBe(900);
  });

  it('many at once stay within the bound and leave no half file', async () => {
    const folder = temporary('thumbnails');
    const cache = new ThumbnailCache({ folder, budgetBytes: 5000 });
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => cache.put(key(`${i % 150}`), picture(90 + (i % 20)))),
    );
    const files = filesIn(folder);
    expect(files.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(5000);
    expect(files.every((size) => size >= 90 && size < 110)).toBe(true);
  });

  it('counts what an earlier engine left, oldest out first, and refuses what is larger than all its room', async () => {
    const folder = temporary('thumbnails');
    const old = path.join(folder, 'ab', 'abc-256.webp');
    mkdirSync(path.dirname(old), { recursive: true });
    writeFileSync(old, picture(900));
    utimesSync(old, new Date(0), new Date(0));
    const cache = new ThumbnailCache({ folder, budgetBytes: 1000 });
    await cache.put(key('a'), picture(50));
    expect(existsSync(old)).toBe(true);
    await cache.put(key('b'), picture(60));
    expect(existsSync(old)).toBe(false);
    expect(await cache.get(key('a'))).toEqual(picture(50));
    await cache.put(key('huge'), picture(1001));
    expect(await cache.get(key('huge'))).toBeNull();
  });

  it('makes again what somebody deleted', async () => {
    const folder = temporary('thumbnails');
    const cache = new ThumbnailCache({ folder, budgetBytes: 1000 });
    await cache.put(key('a'), picture(50));
    rmSync(folder, { recursive: true });
    expect(await cache.get(key('a'))).toBeNull();
    await cache.put(key('a'), picture(60));
    expect(await cache.get(key('a'))).toEqual(picture(60));
  });

  it('is emptied on demand, says what it freed, and works on', async () => {
    const folder = temporary('thumbnails');
    const cache = new ThumbnailCache({ folder, budgetBytes: 1000 });
    await cache.put(key('a'), picture(50));
    await cache.put(key('b'), picture(70));
    expect(await cache.bytes()).toBe(120);
    const again = new ThumbnailCache({ folder, budgetBytes: 1000 });
    expect(await again.empty()).toEqual({ files: 2, bytes: 120 });
    expect(filesIn(folder)).toEqual([]);
    expect([await again.bytes(), await again.get(key('a'))]).toEqual([0, null]);
    await again.put(key('a'), picture(60));
    expect(await again.get(key('a'))).toEqual(picture(60));
  });

  it('follows a new bound at once, the least recently used out first', async () => {
    const folder = temporary('thumbnails');
    const cache = new ThumbnailCache({ folder, budgetBytes: 1000 });
    for (const name of ['a', 'b', 'c']) await cache.put(key(name), picture(100));
    await cache.setBudget(150);
    expect(await cache.bytes()).toBe(100);
    expect(await cache.get(key('c'))).not.toBeNull();
    await cache.setBudget(1000);
    for (const name of ['a', 'b']) await cache.put(key(name), picture(100));
    expect(await cache.bytes()).toBe(300);
  });
});

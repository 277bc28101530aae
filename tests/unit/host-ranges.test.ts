import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange, rangeResponse } from '../../src-main/host/ranges.ts';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-ranges-'));
  file = path.join(folder, 'picture.bin');
  writeFileSync(file, bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask = (headers: Record<string, string> = {}, method = 'GET') =>
  new Request('http://localhost/image/1', { method, headers });

describe.each(['memory', 'disk'])('rangeResponse from %s', (where) => {
  const respond = (request: Request) =>
    rangeResponse(request, where === 'memory' ? bytes : { file }, 'image/png', '"v1"');

  it('sends everything without a Range', async () => {
    const response = await respond(ask());
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      'content-length': '1000',
      'content-type': 'image/png',
      etag: '"v1"',
    });
    expect(await response.bytes()).toEqual(bytes);
  });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=990-', 990, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=-5000', 0, 999],
  ])('answers %s', async (range, first, last) => {
    const response = await respond(ask({ range }));
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/1000`);
    expect(response.headers.get('content-length')).toBe(String(last - first + 1));
    expect(await response.bytes()).toEqual(bytes.slice(first, last + 1));
  });

  it.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])('refuses %s', async (range) => {
    const response = await respond(ask({ range }));
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */1000');
  });

  it.each(['bytes=0-1,5-6', 'bytes=', 'bytes=-', 'bytes=9-5', 'lines=1-2', 'bytes=a-b'])(
    'sends everything for %s',
    async (range) => {
      const response = await respond(ask({ range }));
      expect(response.status).toBe(200);
      expect((await response.bytes()).length).toBe(1000);
    },
  );

  it('answers conditions', async () => {
    expect((await respond(ask({ 'if-none-match': '"v0", W/"v1"' }))).status).toBe(304);
    expect((await respond(ask({ 'if-none-match': '*' }))).status).toBe(304);
    expect((await respond(ask({ 'if-none-match': '"v0"' }))).status).toBe(200);
    expect((await respond(ask({ range: 'bytes=0-1', 'if-range': '"v1"' }))).status).toBe(206);
    expect((await respond(ask({ range: 'bytes=0-1', 'if-range': '"v0"' }))).status).toBe(200);
  });

  it('sends no body for HEAD', async () => {
    const response = await respond(ask({ range: 'bytes=1-3' }, 'HEAD'));
    expect(response.headers.get('content-length')).toBe('3');
    expect(response.body).toBeNull();
  });
});

it('names a missing file', async () => {
  const missing = path.join(folder, 'gone.png');
  await expect(rangeResponse(ask(), { file: missing }, 'image/png', '"v"')).rejects.toMatchObject({
    code: 'not-found',
    file: missing,
  });
});

it('sends an empty file', async () => {
  expect(
    (await rangeResponse(ask(), new Uint8Array(0), 'text/plain', '"e"')).headers.get('content-length'),
  ).toBe('0');
  expect(
    (await rangeResponse(ask({ range: 'bytes=0-' }), new Uint8Array(0), 'text/plain', '"e"')).status,
  ).toBe(416);
});

it('never yields a range outside the body', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat().map((n) => `bytes=-${n}`),
    fc.nat().map((n) => `bytes=${n}-`),
  );
  fc.assert(
    fc.property(header, fc.nat(100_000), (text, size) => {
      const range = parseRange(text, size);
      if (range === null || range === 'unsatisfiable') return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.first).toBeLessThanOrEqual(range.last);
      expect(range.last).toBeLessThan(size);
    }),
  );
});

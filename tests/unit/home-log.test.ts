import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { resolveHome } from '../../src-main/home/home.ts';
import type { Home } from '../../src-main/home/home.ts';
import { openLog, redacted } from '../../src-main/home/log.ts';

let home: Home;
beforeEach(() => {
  home = resolveHome(mkdtempSync(path.join(tmpdir(), 'studio-log-')));
});
afterEach(() => rmSync(home.folder, { recursive: true, force: true }));

const lines = () =>
  readFileSync(path.join(home.logs, 'engine.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('writes one JSON object per line, with level and time', async () => {
  const log = openLog(home);
  log.info('started', { port: 80 });
  log.warn('slow', { ms: 21 });
  log.error('failed', { error: new StudioError('no-space', 'The disk is full', { hint: 'Free some' }) });
  await log.close();
  const written = lines();
  expect(written.map((line) => [line['level'], line['message']])).toEqual([
    ['info', 'started'],
    ['warn', 'slow'],
    ['error', 'failed'],
  ]);
  expect(written[0]).toMatchObject({ port: 80, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
  expect(written[2]?.['error']).toMatchObject({ code: 'no-space', hint: 'Free some' });
});

it('keeps at most five files of about 5 MB, private ones', async () => {
  const log = openLog(home);
  const filler = 'x'.repeat(100_000);
  for (let line = 0; line < 340; line++) {
    log.info('fill', { line, filler });
    // A rotation renames files; unthrottled writes would queue all 34 MB in memory first.
    if (line % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await log.close();
  const files = readdirSync(home.logs).filter((name) => name.endsWith('.log'));
  expect(files.length).toBeGreaterThan(2);
  expect(files.length).toBeLessThanOrEqual(5);
  for (const name of files) {
    const { size, mode } = statSync(path.join(home.logs, name));
    expect(size).toBeLessThan(6 * 1024 * 1024);
    expect(mode & 0o077).toBe(0);
  }
  expect(lines().at(-1)).toMatchObject({ line: 339 });
});

it('blanks secrets in field names, URLs and header-like text', () => {
  const written = JSON.stringify(
    redacted({
      url: 'http://127.0.0.1:80/?token=abc123&x=1',
      nested: [{ authorization: 'Bearer abc123', Cookie: 'studio=abc123' }],
      text: 'authorization: Bearer abc123; and cookie=abc123',
      error: new Error('bad token=abc123 here'),
      plain: 'kept',
    }),
  );
  expect(written).not.toContain('abc123');
  expect(written).toContain('kept');
  expect(written).toContain('&x=1');
});

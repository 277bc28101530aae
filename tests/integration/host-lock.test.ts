import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveHome } from '../../src-main/home/home.ts';
import type { Home } from '../../src-main/home/home.ts';
import { acquireHomeLock } from '../../src-main/home/lock.ts';

let home: Home;
beforeEach(() => {
  home = resolveHome(mkdtempSync(path.join(tmpdir(), 'studio-lock-')));
});
afterEach(() => rmSync(home.folder, { recursive: true, force: true }));

it('is held once and free after release', () => {
  const lock = acquireHomeLock(home);
  expect(() => acquireHomeLock(home)).toThrow(
    expect.objectContaining({ code: 'busy', file: home.folder, hint: expect.stringContaining('--home') }),
  );
  lock.release();
  acquireHomeLock(home).release();
});

it('is held across processes and falls with a killed one', async () => {
  const source = (name: string) =>
    JSON.stringify(path.resolve(import.meta.dirname, '../../src-main/home', name));
  const script = `
    import { resolveHome } from ${source('home.ts')};
    import { acquireHomeLock } from ${source('lock.ts')};
    acquireHomeLock(resolveHome(${JSON.stringify(home.folder)}));
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn('node', ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  await once(holder.stdout, 'data');
  expect(() => acquireHomeLock(home)).toThrow(expect.objectContaining({ code: 'busy' }));
  holder.kill('SIGKILL');
  await ended;
  acquireHomeLock(home).release();
});

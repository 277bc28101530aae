/** Other processes on the same cache: at work, dead, silent, killed in the middle. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { partFile } from '../../src-main/streams/vision/hub/cache.ts';
import { etagOf } from '../fixtures/loopback-hub.ts';
import {
  DATA,
  allFiles,
  bodies,
  fetchIt,
  files,
  folder,
  hub,
  inModel,
  settings,
  useModelHub,
} from './hub-model-setup.ts';

useModelHub();

describe('another process', () => {
  const part = () => partFile(folder, hub.repo, etagOf(files[DATA]!));
  const lock = () => `${part()}.lock`;
  const data = () => fetchIt({ files: [{ path: DATA }] });
  function leaveLock(holder: { pid: number; host?: string }, ageMs = 0): void {
    mkdirSync(path.dirname(part()), { recursive: true });
    writeFileSync(part(), files[DATA]!.content.subarray(0, 5000));
    writeFileSync(lock(), JSON.stringify({ began: 0, host: hostname(), token: 'theirs', ...holder }));
    const then = new Date(Date.now() - ageMs);
    utimesSync(lock(), then, then);
  }

  it('at work on the same file is left alone', async () => {
    leaveLock({ pid: process.ppid });
    await expect(data()).rejects.toMatchObject({ code: 'busy', hint: expect.stringContaining(lock()) });
    expect(existsSync(lock())).toBe(true);
    expect(readFileSync(part())).toHaveLength(5000);
  });

  it.each([
    ['that is dead', { pid: 999_999_999 }, 0, 'bytes=5000-'],
    ['that had our process id before a restart', { pid: process.pid }, 0, 'bytes=5000-'],
    ['that fell silent, and might wake up', { pid: process.ppid }, 120_000, null],
    ['on another machine that fell silent', { pid: 1, host: 'elsewhere' }, 120_000, null],
  ])('%s is succeeded', async (_, holder, age, range) => {
    leaveLock(holder, age);
    await data();
    expect(bodies().map((b) => b.range)).toEqual([range]);
    expect(allFiles(inModel('blobs'))).toEqual([etagOf(files[DATA]!)]);
  });

  it('killed in the middle loses at most what was on the way, and nothing is left behind', async () => {
    hub.faults = [{ kind: 'stall', after: 200_000, times: 1 }];
    const module = pathToFileURL(
      path.resolve(import.meta.dirname, '../../src-main/streams/vision/hub/fetch-model.ts'),
    ).href;
    const options = { settings: settings(), repo: hub.repo, files: [{ path: DATA }] };
    const code = `import { fetchModel } from ${JSON.stringify(module)}; await fetchModel(${JSON.stringify(options)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
    const exited = once(child, 'exit');
    const size = () => (existsSync(part()) ? lstatSync(part()).size : 0);
    while (size() < 200_000 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(data()).rejects.toMatchObject({ code: 'busy' }); // it is alive
    child.kill('SIGKILL');
    await exited;
    expect(allFiles(inModel('blobs'))).toHaveLength(2); // its part and its lock

    await data();
    expect(bodies().at(-1)!.range).toBe('bytes=200000-');
    expect(allFiles(inModel('blobs'))).toEqual([etagOf(files[DATA]!)]);
  });

  it('killed before its link or branch was in place leaves nothing behind either', async () => {
    const places = [inModel('snapshots', hub.commit, DATA), inModel('refs', 'main')];
    const leftBy = (pid: number) => places.map((place) => `${place}.${pid}-0123abcd-4567cdef.incomplete`);
    const stale = [...leftBy(999_999_999), ...leftBy(process.pid)]; // dead, and with our id before a restart
    const alive = leftBy(process.ppid);
    for (const file of [...stale, ...alive]) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
    await data();
    expect(stale.filter((file) => existsSync(file))).toEqual([]);
    expect(alive.filter((file) => existsSync(file))).toEqual(alive);
  });
});

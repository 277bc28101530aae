/** The shell's EngineProcess over a stand-in engine in real child processes; no Electron is involved. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findRunningEngine } from '../../src-main/host/running-engine.ts';
import { EngineProcess } from '../../src-main/shell/engine-process.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const NODE = path.join(ROOT, 'node_modules/node/bin/node');
const ENTRY = path.join(ROOT, 'tests/fixtures/fake-electron/stand-in-engine.ts');
let home: string;
let engine: EngineProcess;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'studio-engine-'));
  engine = new EngineProcess({
    node: () => NODE,
    entry: ENTRY,
    home,
    firstDelay: 20,
    longestDelay: 100,
    patience: 8000,
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await engine.stop();
  rmSync(home, { recursive: true, force: true });
});

async function pidBehind(): Promise<number> {
  const response = await engine.handler(new Request('http://engine/echo'), { trust: 'window' });
  return ((await response.json()) as { pid: number }).pid;
}
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('starts the engine; a request that comes before it is ready waits', async () => {
  engine.start();
  const pid = await pidBehind();
  expect(pid).not.toBe(process.pid);
  await engine.stop();
  expect(isAlive(pid)).toBe(false);
});

it('starts it again each time it dies', async () => {
  engine.start();
  const pids = [await pidBehind()];
  for (let round = 0; round < 3; round++) {
    process.kill(pids.at(-1)!, 'SIGKILL');
    await vi.waitFor(async () => expect(await pidBehind()).not.toBe(pids.at(-1)), 8000);
    pids.push(await pidBehind());
  }
  expect(new Set(pids).size).toBe(4);
});

it('tells why the engine does not start, and gets over it', async () => {
  vi.stubEnv('STAND_IN_FAILS', '1');
  engine = new EngineProcess({
    node: () => NODE,
    entry: ENTRY,
    home,
    firstDelay: 20,
    longestDelay: 100,
    patience: 1000,
  });
  engine.start();
  await expect(pidBehind()).rejects.toThrow('The engine ended (code 1): the stand-in was told to fail');
  vi.stubEnv('STAND_IN_FAILS', '');
  await vi.waitFor(async () => expect(await pidBehind()).toBeGreaterThan(0), 8000);
});

it('tells of a Node that is not there', async () => {
  engine = new EngineProcess({
    node: () => '/no/such/node',
    entry: ENTRY,
    home,
    firstDelay: 20,
    patience: 500,
  });
  engine.start();
  await expect(pidBehind()).rejects.toThrow('ENOENT');
});

describe('an engine that holds the home already', () => {
  it('is used and left alone; when it ends, an own one takes its place', async () => {
    const other = spawn(NODE, [ENTRY, '--home', home], { stdio: 'ignore' });
    await vi.waitFor(async () => expect(await findRunningEngine(home)).not.toBeNull(), 8000);
    engine.start();
    expect(await pidBehind()).toBe(other.pid);
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    await ended;
    const own = await pidBehind();
    expect(own).not.toBe(other.pid);
    expect(isAlive(own)).toBe(true);
  });

  it('survives the shell', async () => {
    const other = spawn(NODE, [ENTRY, '--home', home], { stdio: 'ignore' });
    await vi.waitFor(async () => expect(await findRunningEngine(home)).not.toBeNull(), 8000);
    engine.start();
    await pidBehind();
    await engine.stop();
    expect(isAlive(other.pid!)).toBe(true);
    const ended = once(other, 'exit');
    other.kill();
    await ended;
  });
});

it('does not outlive a shell that is killed', async () => {
  const script = `
    import { EngineProcess } from ${JSON.stringify(pathToFileURL(path.join(ROOT, 'src-main/shell/engine-process.ts')).href)};
    const engine = new EngineProcess({ node: () => ${JSON.stringify(NODE)}, entry: ${JSON.stringify(ENTRY)}, home: ${JSON.stringify(home)} });
    engine.start();
    const response = await engine.handler(new Request('http://engine/echo'), { trust: 'window' });
    console.log((await response.json()).pid);`;
  const shell = spawn(NODE, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString());
  expect(isAlive(pid)).toBe(true);
  shell.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 8000);
});

/** build/run.mjs over stand-ins for the tools: what is run, what is counted, how it ends. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const STEPS = [
  'typescript/bin/tsc',
  'svelte-check/bin/svelte-check',
  'eslint/bin/eslint.js',
  'prettier/bin/prettier.cjs',
  'electron-vite/bin/electron-vite.js',
];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'studio-run-'));
  cpSync(path.join(ROOT, 'build'), path.join(folder, 'build'), { recursive: true });
  put('node_modules/package.json', '{"type":"commonjs"}');
  mkdirSync(path.join(folder, 'node_modules/node/bin'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules/node/bin/node'), path.join(folder, 'node_modules/node/bin/node'));
  put('package-lock.json', '');
  put('node_modules/.package-lock.json', '');
  for (const step of STEPS) put(`node_modules/${step}`, 'console.log("ran");');
  vitest({ numPassedTests: 40, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0 });
  playwright({ expected: 7, flaky: 0, unexpected: 0, skipped: 0 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}
const runner = (file: string, report: object, exit: number) =>
  `require('fs').writeFileSync('test-results/${file}', ${JSON.stringify(JSON.stringify(report))}); process.exit(${exit});`;
const vitest = (report: object, exit = 0) =>
  put(
    'node_modules/vitest/vitest.mjs',
    `import fs from 'fs'; const require = () => fs; ${runner('vitest.json', report, exit)}`,
  );
const playwright = (stats: object, exit = 0) =>
  put('node_modules/@playwright/test/cli.js', runner('e2e.json', { stats }, exit));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('node', [path.join(folder, 'build/run.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', PLAYWRIGHT_CHROMIUM: '/bin/true' },
  });
  return { status, last: stdout.trim().split('\n').at(-1), stdout, stderr };
}

it('sums the tests and the steps', () => {
  const { status, last, stdout } = run('test');
  expect(last).toBe('52 passed, 0 failed');
  expect(status).toBe(0);
  expect(stdout).toContain('ok   vitest: 40 passed, 0 failed, 1 skipped');
});

it('counts failed steps and tests, runs the rest, and fails', () => {
  put('node_modules/eslint/bin/eslint.js', 'process.exit(1);');
  playwright({ expected: 5, flaky: 0, unexpected: 2, skipped: 0 }, 1);
  const { status, last, stdout } = run('test');
  expect(last).toBe('49 passed, 3 failed');
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL lint');
});

it.each([
  ['a crash without a report', 'process.exit(1);'],
  ['an early end that looks like success', ''],
])('does not take %s for a pass', (_what, script) => {
  put('node_modules/@playwright/test/cli.js', script);
  const { status, last } = run('test');
  expect(last).toBe('45 passed, 1 failed');
  expect(status).toBe(1);
});

it('does not take an error outside the tests for a pass', () => {
  vitest({ numPassedTests: 40, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }, 1);
  expect(run('test')).toMatchObject({ status: 1, last: '52 passed, 1 failed' });
});

it('builds the window for the demo only where it is missing or old, and passes arguments and the exit code on', () => {
  put('src-shared/a.ts', '');
  put('src-renderer/b.ts', '');
  put(
    'src-main/cli.ts',
    'console.log(process.argv.slice(2).join(" "), process.version); process.exitCode = 3;',
  );
  const built = run('demo', '--home', 'x');
  expect(built.stdout).toContain('Building the window');
  expect(built.last).toMatch(/^demo --home x v24\./);
  expect(built.status).toBe(3);
  put('out/renderer/index.html', '');
  const old = new Date(Date.now() - 60_000);
  for (const source of ['src-shared/a.ts', 'src-renderer/b.ts', 'src-shared', 'src-renderer'])
    utimesSync(path.join(folder, source), old, old);
  expect(run('demo').stdout).not.toContain('Building the window');
});

it('knows no other task', () => {
  expect(run('other')).toMatchObject({ status: 2, stderr: expect.stringContaining('usage') });
});

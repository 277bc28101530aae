/** `npm run demo` and `npm test` on a machine with nothing but npm and any Node from 18 on: install, then do.
 *  Plain JavaScript without dependencies; everything behind it runs on the Node of node_modules. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installChromium, installPackages, nodeBinary } from './install.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const RESULTS = path.join(ROOT, 'test-results');
const [task, ...rest] = process.argv.slice(2);

if (task === 'demo') demo();
else if (task === 'test') test();
else {
  console.error('usage: node build/run.mjs demo|test');
  process.exit(2);
}

function demo() {
  installPackages();
  if (isStale(path.join(ROOT, 'out', 'renderer', 'index.html'), ['src-renderer', 'src-shared'])) {
    console.log('Building the window ...');
    const { status } = runTool('electron-vite/bin/electron-vite.js', ['build', '--logLevel', 'warn']);
    if (status !== 0) process.exit(1);
  }
  const { status, signal } = runNode(['src-main/cli.ts', 'demo', ...rest]);
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

function test() {
  installPackages();
  installChromium();
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const results = [
    step('types', 'typescript/bin/tsc', ['-p', 'tsconfig.json', '--noEmit']),
    step('svelte-check', 'svelte-check/bin/svelte-check', [
      '--tsconfig',
      'tsconfig.web.json',
      '--fail-on-warnings',
    ]),
    step('lint', 'eslint/bin/eslint.js', ['.']),
    step('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
    step('build', 'electron-vite/bin/electron-vite.js', ['build', '--logLevel', 'warn']),
    tests(
      'vitest',
      'vitest/vitest.mjs',
      ['run', '--reporter=default', '--reporter=json', '--outputFile.json=test-results/vitest.json'],
      vitestCounts,
    ),
    tests('playwright', '@playwright/test/cli.js', ['test'], playwrightCounts),
  ];
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log('');
  for (const { name, passed, failed, skipped, flaky = 0, seconds } of results) {
    const skips = skipped > 0 ? `, ${skipped} skipped` : '';
    const flakes = flaky > 0 ? `, ${flaky} flaky (passed only the second time)` : '';
    console.log(
      `${failed > 0 ? 'FAIL' : 'ok  '} ${name}: ${passed} passed, ${failed} failed${skips}${flakes} (${seconds} s)`,
    );
  }
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  process.exit(sum('failed') > 0 ? 1 : 0);
}

/** A tool that passes or fails as a whole. */
function step(name, tool, args) {
  return timed(name, () => {
    const { status } = runTool(tool, args);
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  });
}

/** A test runner: its own counts, and one failure more where it failed without a failed test or ran none. */
function tests(name, tool, args, readCounts) {
  return timed(name, () => {
    const { status } = runTool(tool, args);
    let counts = { passed: 0, failed: 0, skipped: 0 };
    try {
      counts = readCounts();
    } catch (error) {
      console.error(`${name} left no report: ${error.message}`);
    }
    const silent = counts.failed === 0 && (status !== 0 || counts.passed === 0);
    return silent ? { ...counts, failed: 1 } : counts;
  });
}

function timed(name, work) {
  console.log(`\n== ${name}`);
  const start = Date.now();
  const counts = work();
  return { name, ...counts, seconds: Math.round((Date.now() - start) / 1000) };
}

function vitestCounts() {
  const report = JSON.parse(readFileSync(path.join(RESULTS, 'vitest.json'), 'utf8'));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function playwrightCounts() {
  const { stats } = JSON.parse(readFileSync(path.join(RESULTS, 'e2e.json'), 'utf8'));
  const { expected, flaky, unexpected, skipped } = stats;
  return { passed: expected + flaky, failed: unexpected, skipped, flaky };
}

/** Whether a built file is missing or older than any of its sources. */
function isStale(built, folders) {
  if (!existsSync(built)) return true;
  const { mtimeMs } = statSync(built);
  return folders.some((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true }).some(
      (name) => statSync(path.join(ROOT, folder, name)).mtimeMs > mtimeMs,
    ),
  );
}

function runTool(tool, args) {
  return runNode([path.join(ROOT, 'node_modules', tool), ...args]);
}

/** Runs a script on the Node of node_modules, which is also what `node` means to whatever it starts. */
function runNode(args) {
  const bin = path.dirname(nodeBinary());
  const dotBin = path.join(ROOT, 'node_modules', '.bin');
  const PATH = [bin, dotBin, process.env.PATH].join(path.delimiter);
  const stdin = process.env.CI === 'true' || task === 'test' ? 'ignore' : 'inherit';
  return spawnSync(nodeBinary(), args, {
    cwd: ROOT,
    stdio: [stdin, 'inherit', 'inherit'],
    env: { ...process.env, PATH },
  });
}

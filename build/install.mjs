/** Makes a bare machine ready: npm packages, the Node that runs the engine, and a Chromium for the tests. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './find-chromium.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Installs the packages of package-lock.json where they are missing or older than it. */
export function installPackages() {
  const installed = path.join(ROOT, 'node_modules', '.package-lock.json');
  const lock = path.join(ROOT, 'package-lock.json');
  if (
    existsSync(installed) &&
    existsSync(nodeBinary()) &&
    statSync(installed).mtimeMs >= statSync(lock).mtimeMs
  )
    return;
  console.log('Installing packages (npm ci) ...');
  // Of all install scripts only the one of `node` may run: onnxruntime-node's would download CUDA, better-sqlite3's would
  // compile what it brings ready-made. npm 11 reads that from allowScripts in package.json, older ones do not know it.
  const shell = process.platform === 'win32';
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { shell });
  run('npm', ['rebuild', 'node', '--ignore-scripts=false'], { shell });
}

/** Installs Debian's Chromium where no Chromium is found and this is root on Debian; else says what to do and exits. */
export function installChromium() {
  if (findChromium() !== null) return;
  const onDebian = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  if (onDebian) {
    console.log("Installing Debian's chromium for the tests (apt-get) ...");
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-q'], { env });
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], { env });
  }
  if (findChromium() === null) {
    console.error(
      'The tests need a Chromium: install one (Debian: apt-get install chromium) or name it with PLAYWRIGHT_CHROMIUM.',
    );
    process.exit(1);
  }
}

/** Where the npm package `node` puts its program. */
export function nodeBinary() {
  return path.join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}

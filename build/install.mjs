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
  // onnxruntime-node's script would download CUDA. npm 11 obeys allowScripts in package.json; older ones this variable.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  run('npm', ['ci', '--no-audit', '--no-fund'], { env, shell: process.platform === 'win32' });
  if (!existsSync(nodeBinary())) {
    // A user's or CI's npm may be set to ignore scripts; the engine's Node comes by one.
    run('npm', ['rebuild', 'node', '--ignore-scripts=false'], { env, shell: process.platform === 'win32' });
  }
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

/** `npm start`: the studio in Electron. Runs in plain Node; builds what is missing, then starts Electron's program. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findElectronBinary } from './electron-binary.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BUILT = ['out/main/index.js', 'out/preload/index.cjs', 'out/renderer/index.html'];

const binary = findElectronBinary(ROOT);
if (binary === null) {
  process.stderr.write(
    "Electron's program is not here (`npx install-electron` downloads it): use `npm run serve`, the same window in a browser.\n",
  );
  process.exit(1);
}
if (!BUILT.every((file) => existsSync(path.join(ROOT, file)))) {
  const builder = path.join(ROOT, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
  const { status } = spawnSync(process.execPath, [builder, 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
const shell = spawn(binary, [ROOT, ...process.argv.slice(2)], { stdio: 'inherit' });
shell.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => shell.kill(signal));

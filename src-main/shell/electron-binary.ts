/** Where Electron's program is. `require('electron')` would try to download a missing one, so the look comes first. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The absolute path of the Electron program that belongs to `appRoot`, null where it was never fetched. */
export function findElectronBinary(appRoot: string): string | null {
  const folder = path.join(appRoot, 'node_modules', 'electron');
  const pathFile = path.join(folder, 'path.txt'); // written by Electron's installer
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : null;
  const elsewhere = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (elsewhere === undefined && name === null) return null;
  const binary = path.join(elsewhere ?? path.join(folder, 'dist'), name ?? 'electron');
  return existsSync(binary) ? binary : null;
}

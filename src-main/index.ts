/** The shell's entry, built to out/main/index.js and run by Electron. It loads no native module (docs/shell.md). */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BrowserWindow, app } from 'electron';
import { registerAppScheme, serveApp } from './shell/app-protocol.ts';
import { offerDialogs } from './shell/dialogs.ts';
import { EngineProcess } from './shell/engine-process.ts';
import { setMenu } from './shell/menu.ts';
import { findNodeBinary } from './shell/node-binary.ts';
import { openWindow } from './shell/window.ts';

// From out/main: the same place in the tree and in the packaged app.
const ROOT = path.resolve(import.meta.dirname, '../..');

// Electron's and Chromium's own switches are in argv too, so unknown ones are let through.
const { values } = parseArgs({ options: { home: { type: 'string' } }, strict: false });
const home = typeof values.home === 'string' ? { home: values.home } : {};

const engine = new EngineProcess({
  node: () => findNodeBinary(ROOT, process.resourcesPath),
  entry: path.join(ROOT, 'src-main', 'engine.ts'),
  ...home,
});
const preload = path.join(ROOT, 'out', 'preload', 'index.cjs');

registerAppScheme();
if (app.requestSingleInstanceLock()) run();
else app.quit();

function run(): void {
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) openWindow(preload);
  });
  endEngineOnQuit();
  void app.whenReady().then(() => {
    engine.start();
    serveApp(engine.handler, process.env['ELECTRON_RENDERER_URL']);
    offerDialogs(engine.handler);
    setMenu(app.isPackaged);
    openWindow(preload);
  });
}

/** Quitting waits for the engine's end, so that it closes its catalog in peace. */
function endEngineOnQuit(): void {
  let ended = false;
  app.on('will-quit', (event) => {
    if (ended) return;
    event.preventDefault();
    void engine.stop().finally(() => {
      ended = true;
      app.quit();
    });
  });
}

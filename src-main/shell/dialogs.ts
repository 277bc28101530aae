/** The native dialogs behind window.desktop. A path from a dialog goes to the engine, the page gets its id. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BrowserWindow, app, dialog, ipcMain } from 'electron';
import type { IpcMainInvokeEvent } from 'electron';
import type { DesktopCalls, DesktopChannel, PickedFolder } from '../../src-shared/desktop.ts';
import { REGISTER_FOLDER_PATH } from '../host/browse.ts';
import { responseError } from '../host/error-response.ts';
import type { EngineHandler } from '../host/handler.ts';
import { isApp } from './window.ts';

/** Answers the preload's calls; only pages of the studio are heard. */
export function offerDialogs(handler: EngineHandler): void {
  answer('desktop:pick-folder', (event) => pickFolder(handler, event));
  answer('desktop:save-file', saveFile);
}

function answer<C extends DesktopChannel>(
  channel: C,
  reply: (event: IpcMainInvokeEvent, ...args: DesktopCalls[C]['args']) => Promise<DesktopCalls[C]['result']>,
): void {
  ipcMain.handle(channel, (event, ...args) => {
    if (!isApp(event.senderFrame?.url ?? '')) throw new Error('Only the studio may ask for a dialog');
    return reply(event, ...(args as DesktopCalls[C]['args']));
  });
}

async function pickFolder(handler: EngineHandler, event: IpcMainInvokeEvent): Promise<PickedFolder | null> {
  const options = { properties: ['openDirectory' as const], title: 'Choose a folder' };
  const { canceled, filePaths } = await dialog.showOpenDialog(windowOf(event), options);
  const folder = filePaths[0];
  if (canceled || folder === undefined) return null;
  const body = JSON.stringify({ path: folder });
  const headers = { 'content-type': 'application/json' };
  const request = new Request(`http://engine${REGISTER_FOLDER_PATH}`, { method: 'POST', body, headers });
  const response = await handler(request, { trust: 'local' });
  if (!response.ok) throw await responseError(response);
  return { id: ((await response.json()) as { id: string }).id, path: folder };
}

async function saveFile(
  event: IpcMainInvokeEvent,
  suggestedName: string,
  bytes: ArrayBuffer,
): Promise<boolean> {
  if (typeof suggestedName !== 'string' || !(bytes instanceof ArrayBuffer)) {
    throw new TypeError('saveFile(name, bytes) wants a string and an ArrayBuffer');
  }
  // A page suggests a name, never a folder.
  const name = path.basename(suggestedName.replaceAll('\\', '/')) || 'export';
  const extension = path.extname(name).slice(1);
  const { canceled, filePath } = await dialog.showSaveDialog(windowOf(event), {
    defaultPath: path.join(app.getPath('downloads'), name),
    filters: extension === '' ? [] : [{ name: extension.toUpperCase(), extensions: [extension] }],
  });
  if (canceled || !filePath) return false;
  await writeFile(filePath, new Uint8Array(bytes));
  return true;
}

function windowOf(event: IpcMainInvokeEvent): BrowserWindow {
  const window = BrowserWindow.fromWebContents(event.sender);
  if (window === null) throw new Error('The window is gone');
  return window;
}

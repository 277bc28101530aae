/** The bridge between the window and the shell. Built to one CommonJS file: a sandboxed preload can be nothing else. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Desktop, DesktopCalls, DesktopChannel } from '../src-shared/desktop.ts';

function call<C extends DesktopChannel>(
  channel: C,
  ...args: DesktopCalls[C]['args']
): Promise<DesktopCalls[C]['result']> {
  return ipcRenderer.invoke(channel, ...args) as Promise<DesktopCalls[C]['result']>;
}

const desktop: Desktop = {
  pickFolder: () => call('desktop:pick-folder'),
  saveFile: (suggestedName, bytes) => call('desktop:save-file', suggestedName, bytes),
  platform: process.platform,
};
contextBridge.exposeInMainWorld('desktop', desktop);

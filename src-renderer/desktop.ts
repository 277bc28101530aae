/** What the Electron shell adds to the page, and what a browser does instead. */

import type { Desktop } from '../src-shared/desktop.ts';

declare global {
  interface Window {
    desktop?: Desktop;
  }
}

/** The shell's dialogs; undefined in a browser. */
export function desktop(): Desktop | undefined {
  return window.desktop;
}

/** Saves a file through the native dialog, or as a download. Resolves to false where the person cancelled. */
export async function saveFile(name: string, content: Blob): Promise<boolean> {
  const shell = desktop();
  if (shell !== undefined) return shell.saveFile(name, await content.arrayBuffer());
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return true;
}

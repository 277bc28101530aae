/** The studio's window: a sandboxed page that can go nowhere. */
import { BrowserWindow } from 'electron';
import { APP_ORIGIN } from './app-protocol.ts';

/** Opens the window on app://studio/. `preload`: absolute path of the built preload. */
export function openWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1360,
    height: 860,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'BIQA Studio',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (!isApp(event.url)) event.preventDefault();
  };
  webContents.on('will-navigate', stay);
  webContents.on('will-redirect', stay);
  webContents.on('will-frame-navigate', stay);
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  // Copying a table as text is all that a page may do beyond its own window.
  const allowed = (permission: string) => permission === 'clipboard-sanitized-write';
  webContents.session.setPermissionRequestHandler((_contents, permission, decide) =>
    decide(allowed(permission)),
  );
  webContents.session.setPermissionCheckHandler((_contents, permission) => allowed(permission));
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${APP_ORIGIN}/`);
  return window;
}

/** Whether a URL is a page of the studio. */
export function isApp(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'app:' && new URL(url).host === 'studio';
}

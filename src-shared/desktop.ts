/** What the Electron shell gives to its window, as `window.desktop`, and the calls behind it. Absent in a browser. */

/** A folder from the native dialog: the id to send to the engine, the path to show. */
export type PickedFolder = { id: string; path: string };

/** The preload's whole surface. */
export type Desktop = {
  /** The native folder dialog; null when it was cancelled. */
  pickFolder(): Promise<PickedFolder | null>;
  /** The native save dialog, then the file; false when it was cancelled. Throws when the file cannot be written. */
  saveFile(suggestedName: string, bytes: ArrayBuffer): Promise<boolean>;
  /** Node's name of the operating system: 'linux', 'darwin', 'win32'. */
  platform: string;
};

/** Each call's channel, arguments and result, for both ends of the bridge. */
export type DesktopCalls = {
  'desktop:pick-folder': { args: []; result: PickedFolder | null };
  'desktop:save-file': { args: [suggestedName: string, bytes: ArrayBuffer]; result: boolean };
};
export type DesktopChannel = keyof DesktopCalls;

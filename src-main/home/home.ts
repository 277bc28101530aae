/** The home: the one folder that holds everything the studio keeps. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';

/** Absolute paths of a home and of what lies in it. */
export type Home = {
  folder: string;
  catalog: string;
  lock: string;
  presence: string;
  settings: string;
  logs: string;
  thumbnails: string;
  backups: string;
  demo: string;
  /** Ladders that were given no folder of their own. */
  ladders: string;
  /** The user's own encoder manifests. */
  encoders: string;
  /** Node's compile cache of the engine's processes; may be deleted at any time. */
  compiled: string;
  /** Files that live as long as a job; emptied when an engine starts. */
  temporary: string;
};

/** The OS's application-data folder for the studio; pure, so that all three systems are tested on one. */
export function defaultHomeFolder(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  userFolder: string = homedir(),
): string {
  if (platform === 'win32') {
    return path.win32.join(
      env['APPDATA'] || path.win32.join(userFolder, 'AppData', 'Roaming'),
      'BIQA Studio',
    );
  }
  if (platform === 'darwin') {
    return path.posix.join(userFolder, 'Library', 'Application Support', 'BIQA Studio');
  }
  // The XDG specification: a relative XDG_DATA_HOME is invalid and must be ignored.
  const xdg = env['XDG_DATA_HOME'];
  const data = xdg && path.posix.isAbsolute(xdg) ? xdg : path.posix.join(userFolder, '.local', 'share');
  return path.posix.join(data, 'biqa-studio');
}

/** Finds (flag, else BIQA_STUDIO_HOME, else the OS's place) and makes the home, private to this user (0700).
 *  Throws 'no-permission', 'no-space' or 'bad-input' with the folder's name. */
export function resolveHome(flag?: string): Home {
  const wanted = path.resolve(flag || process.env['BIQA_STUDIO_HOME'] || defaultHomeFolder());
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    // An existing home may have been made by `mkdir` with the usual 0755.
    if (process.platform !== 'win32') chmodSync(wanted, 0o700);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new StudioError('bad-input', `The home is not a folder: ${wanted}`, {
        file: wanted,
        hint: 'Name a folder with --home or BIQA_STUDIO_HOME.',
      });
    }
    throw StudioError.fromShape({
      ...errorShape(error, wanted),
      hint: 'Choose another folder with --home or BIQA_STUDIO_HOME.',
    });
  }
  // One folder, one lock, however it was named.
  const folder = realpathSync(wanted);
  return {
    folder,
    catalog: path.join(folder, 'catalog.sqlite'),
    lock: path.join(folder, 'lock.sqlite'),
    presence: path.join(folder, 'engine.json'),
    settings: path.join(folder, 'settings.json'),
    logs: path.join(folder, 'logs'),
    thumbnails: path.join(folder, 'thumbnails'),
    backups: path.join(folder, 'backups'),
    demo: path.join(folder, 'demo'),
    ladders: path.join(folder, 'ladders'),
    encoders: path.join(folder, 'encoders'),
    compiled: path.join(folder, 'compiled'),
    temporary: path.join(folder, 'temporary'),
  };
}

/** A short name for a home (16 hex digits), for the socket's file name and the cookie's name. */
export function homeHash(home: Pick<Home, 'folder'>): string {
  return createHash('sha256').update(home.folder).digest('hex').slice(0, 16);
}

/** The server's own folder browser: a window names folders by ids that it got here, never by path. */
import { randomBytes } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { FolderEntry, FolderListing } from '../../src-shared/folders.ts';
import { errorResponse } from './error-response.ts';
import type { EngineClient } from './handler.ts';

const IMAGE = /\.(jpe?g|png|webp|tiff?|bmp)$/i;
const LABEL_FILE = /\.(csv|tsv|txt|mat|xlsx)$/i;
const ENCODER_FILE = /\.(json|onnx)$/i;

type Known = { id: string; folder: string; root: string };

/** Ids live as long as the engine; after its restart a window starts at start() again. */
export class FolderBrowser {
  private readonly root: string;
  private readonly byId = new Map<string, Known>();
  private readonly byPlace = new Map<string, Known>();

  /** `root`: the folder that windows stay in (--root). */
  constructor(root: string) {
    this.root = path.resolve(root);
  }

  /** The listing of the root itself. */
  async start(): Promise<FolderListing> {
    const root = await real(this.root);
    return this.list(this.know(root, root).id);
  }

  /** What lies in a folder: subfolders, label files, encoders' files, number of images. Of links only those that stay
   *  below the root; hidden names are left out. Throws 'not-found', 'no-permission', 'forbidden'. */
  async list(id: string): Promise<FolderListing> {
    const folder = await this.pathOf(id);
    const { root } = this.byId.get(id)!;
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      throw StudioError.fromShape(errorShape(error, folder));
    });
    const folders: FolderEntry[] = [];
    const labelFiles: string[] = [];
    const encoderFiles: string[] = [];
    let images = 0;
    for (const entry of entries.filter((one) => !one.name.startsWith('.'))) {
      if (entry.isDirectory() || entry.isSymbolicLink()) {
        const target = await folderBelow(root, path.join(folder, entry.name));
        if (target !== null) folders.push({ id: this.know(target, root).id, name: entry.name });
      }
      // The hub's cache is made of links; other files that are links are not read.
      if (ENCODER_FILE.test(entry.name) && (await isFileBelow(root, path.join(folder, entry.name))))
        encoderFiles.push(entry.name);
      if (!entry.isFile()) continue;
      if (IMAGE.test(entry.name)) images++;
      else if (LABEL_FILE.test(entry.name)) labelFiles.push(entry.name);
    }
    const byName = new Intl.Collator(undefined, { numeric: true });
    folders.sort((a, b) => byName.compare(a.name, b.name));
    labelFiles.sort(byName.compare);
    encoderFiles.sort(byName.compare);
    const parent = folder === root ? null : this.know(path.dirname(folder), root).id;
    return { id, path: folder, parent, folders, labelFiles, encoderFiles, images };
  }

  /** An id for a folder that the user chose outside the page (command line, native dialog); it is a root of its own. */
  async register(folder: string): Promise<string> {
    const chosen = await real(path.resolve(folder));
    return this.know(chosen, chosen).id;
  }

  /** The real path behind an id, checked anew: a folder may have become a link to elsewhere since it was listed. */
  async pathOf(id: string): Promise<string> {
    const known = this.byId.get(id);
    if (known === undefined) {
      throw new StudioError('not-found', 'This folder is not known here', {
        hint: 'Choose the folder again.',
      });
    }
    const now = await real(known.folder);
    if (!isBelow(known.root, now)) {
      throw new StudioError('forbidden', 'This folder is outside the folder that may be browsed', {
        hint: 'Start `studio serve` with another --root.',
      });
    }
    return now;
  }

  /** The path of one file in a folder, by its plain name (`list` names them). The file may be a link that stays below
   *  the root; its own place is returned, where its companions lie. Throws 'bad-input', 'not-found', 'forbidden'. */
  async fileIn(id: string, name: string): Promise<string> {
    const folder = await this.pathOf(id);
    if (name === '' || name.startsWith('.') || /[/\\\0]/.test(name)) {
      throw new StudioError('bad-input', `Not the name of a file in a folder: "${name}"`, {
        hint: 'Choose a file of the folder.',
      });
    }
    const file = path.join(folder, name);
    if ((await this.placeOf(id, file)) === 'outside') throw outside(file);
    const facts = await stat(file).catch((error: unknown) => {
      throw StudioError.fromShape(errorShape(error, file));
    });
    if (facts.isFile()) return file;
    throw new StudioError('bad-input', `Not a file: ${file}`, { file, hint: 'Choose a file.' });
  }

  /** Where a file really lies as seen from a folder's root, links followed. Throws 'not-found' for an unknown id. */
  async placeOf(id: string, file: string): Promise<'inside' | 'outside' | 'missing'> {
    await this.pathOf(id);
    const real = await realpath(file).catch(() => null);
    if (real === null) return 'missing';
    return isBelow(this.byId.get(id)!.root, real) ? 'inside' : 'outside';
  }

  /** Throws 'forbidden' where one of these files leads out of the folder's root. */
  async requireInside(id: string, files: readonly string[]): Promise<void> {
    for (const file of files) if ((await this.placeOf(id, file)) === 'outside') throw outside(file);
  }

  private know(folder: string, root: string): Known {
    const place = `${root}\0${folder}`;
    let known = this.byPlace.get(place);
    if (known === undefined) {
      known = { id: randomBytes(12).toString('base64url'), folder, root };
      this.byPlace.set(place, known);
      this.byId.set(known.id, known);
    }
    return known;
  }
}

/** Where the shell sends a folder from the native dialog: POST {"path"} -> {"id"}. Only for clients that may name paths. */
export const REGISTER_FOLDER_PATH = '/folders/register';

/** Answers REGISTER_FOLDER_PATH: 'forbidden' for a window, 'bad-input' without an absolute path. */
export async function registerFolder(
  browser: FolderBrowser,
  request: Request,
  client: EngineClient,
): Promise<Response> {
  try {
    if (client.trust !== 'local') throw new StudioError('forbidden', 'A page names folders by id only');
    const body = (await request.json().catch(() => null)) as { path?: unknown } | null;
    const folder = body?.path;
    if (request.method !== 'POST' || typeof folder !== 'string' || !path.isAbsolute(folder)) {
      throw new StudioError('bad-input', 'POST {"path": "<an absolute path>"}');
    }
    return Response.json({ id: await browser.register(folder) });
  } catch (error) {
    return errorResponse(error);
  }
}

function outside(file: string): StudioError {
  return new StudioError('forbidden', 'This file is outside the folder that may be browsed', {
    file,
    hint: 'Put the file itself there instead of a link, or start `studio serve` with another --root.',
  });
}

function isBelow(root: string, folder: string): boolean {
  return folder === root || folder.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

/** The real path of a folder; throws 'not-found' or 'no-permission', and 'bad-input' where it is a file. */
async function real(folder: string): Promise<string> {
  try {
    const resolved = await realpath(folder);
    if ((await stat(resolved)).isDirectory()) return resolved;
  } catch (error) {
    throw StudioError.fromShape(errorShape(error, folder));
  }
  throw new StudioError('bad-input', `Not a folder: ${folder}`, { file: folder, hint: 'Choose a folder.' });
}

/** Whether a name is a file, or a link to one, below the root. */
async function isFileBelow(root: string, candidate: string): Promise<boolean> {
  try {
    const target = await realpath(candidate);
    return isBelow(root, target) && (await stat(target)).isFile();
  } catch {
    return false; // a dangling link, a folder without rights above it
  }
}

/** The real path of a subfolder or of a link to a folder, null where it is neither or leads out of the root. */
async function folderBelow(root: string, candidate: string): Promise<string | null> {
  try {
    const target = await real(candidate);
    return isBelow(root, target) ? target : null;
  } catch {
    return null; // a file, a dangling link, a folder without rights above it
  }
}

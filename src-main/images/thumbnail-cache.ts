/** Thumbnails on the disk: kept by what they show and how they were made, the least recently used gone first. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StudioError } from '../../src-shared/errors.ts';
import { DECODER_VERSION } from './decode.ts';

/** Room on the disk unless BIQA_THUMBNAIL_MB says otherwise: about 100,000 thumbnails of 256 px. */
const DEFAULT_BUDGET_MB = 1000;
/** What remains after making room, so that room is not made at every new thumbnail. */
const KEPT_SHARE = 0.9;

/** The cache's size bound in bytes: BIQA_THUMBNAIL_MB (whole megabytes), else 1,000 MB. Throws StudioError bad-input. */
export function thumbnailBudget(env: NodeJS.ProcessEnv = process.env): number {
  const text = env['BIQA_THUMBNAIL_MB'];
  if (text === undefined || text === '') return DEFAULT_BUDGET_MB * 1e6;
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new StudioError('bad-input', `BIQA_THUMBNAIL_MB is not a whole number of megabytes: "${text}"`, {
      hint: 'Give a number such as 1000, or leave it out.',
    });
  }
  return Number(text) * 1e6;
}

/** What a thumbnail shows: SHA-256 of the picture's bytes in hex, and the longer side in px. */
export type ThumbnailKey = { content: string; size: number };

type Entry = { bytes: number };

/** A folder of WebP files, at most `budgetBytes` of them together. One process uses it at a time (the home's lock). */
export class ThumbnailCache {
  readonly #folder: string;
  readonly #budgetBytes: number;
  /** File name -> entry, the least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #listed: Promise<void> | null = null;
  #making: Promise<void> = Promise.resolve();

  constructor({ folder, budgetBytes }: { folder: string; budgetBytes: number }) {
    this.#folder = folder;
    this.#budgetBytes = budgetBytes;
  }

  /** The kept thumbnail, which counts as used now; null where there is none. */
  async get(key: ThumbnailKey): Promise<Buffer | null> {
    await this.#list();
    const name = nameOf(key);
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    try {
      const bytes = await readFile(this.#pathOf(name));
      this.#keep(name, entry);
      // The order of use outlives the process as the files' times.
      await utimes(this.#pathOf(name), new Date(), new Date());
      return bytes;
    } catch {
      this.#forget(name); // somebody emptied the folder: it is made again
      return null;
    }
  }

  /** Keeps a thumbnail, whole or not at all, and makes room for it. */
  async put(key: ThumbnailKey, bytes: Buffer): Promise<void> {
    await this.#list();
    if (bytes.length > this.#budgetBytes) return;
    const name = nameOf(key);
    const file = this.#pathOf(name);
    await mkdir(path.dirname(file), { recursive: true });
    const temporary = `${file}.${randomBytes(6).toString('hex')}`;
    try {
      await writeFile(temporary, bytes);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    this.#keep(name, { bytes: bytes.length });
    if (this.#bytes > this.#budgetBytes) await (this.#making = this.#making.then(() => this.#makeRoom()));
  }

  async #makeRoom(): Promise<void> {
    if (this.#bytes <= this.#budgetBytes) return;
    for (const name of [...this.#entries.keys()]) {
      if (this.#bytes <= this.#budgetBytes * KEPT_SHARE) return;
      this.#forget(name);
      await rm(this.#pathOf(name), { force: true });
    }
  }

  /** What lies in the folder, by time of last use; once per process. What a crash or an older version left is in it too. */
  #list(): Promise<void> {
    return (this.#listed ??= (async () => {
      const files = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
      const found: { name: string; bytes: number; used: number }[] = [];
      for (const file of files) {
        if (!file.isFile()) continue;
        const info = await stat(path.join(file.parentPath, file.name)).catch(() => null);
        if (info !== null) found.push({ name: file.name, bytes: info.size, used: info.mtimeMs });
      }
      found.sort((a, b) => a.used - b.used);
      for (const { name, bytes } of found) this.#keep(name, { bytes });
      await this.#makeRoom();
    })());
  }

  /** Puts an entry at the end, as the most recently used. */
  #keep(name: string, entry: Entry): void {
    this.#forget(name);
    this.#entries.set(name, entry);
    this.#bytes += entry.bytes;
  }

  #forget(name: string): void {
    this.#bytes -= this.#entries.get(name)?.bytes ?? 0;
    this.#entries.delete(name);
  }

  #pathOf(name: string): string {
    return path.join(this.#folder, name.slice(0, 2), name);
  }
}

/** Another decoder makes other thumbnails: its version is part of the name. */
function nameOf({ content, size }: ThumbnailKey): string {
  return `${content}-${size}-${DECODER_VERSION.replaceAll('/', '-')}.webp`;
}

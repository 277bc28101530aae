/** Thumbnails on the disk: kept by what they show and how they were made, the least recently used gone first. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EmptiedCache } from '../../src-shared/size-limits.ts';
import { DECODER_VERSION } from './decode.ts';

/** What remains after making room, so that room is not made at every new thumbnail. */
const KEPT_SHARE = 0.9;

/** What a thumbnail shows: SHA-256 of the picture's bytes in hex, and the longer side in px. */
export type ThumbnailKey = { content: string; size: number };

type Entry = { bytes: number };

/** A folder of WebP files, at most `budgetBytes` of them together. One process uses it at a time (the home's lock). */
export class ThumbnailCache {
  readonly #folder: string;
  #budgetBytes: number;
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
    await this.#makeRoom();
  }

  /** Bytes that are kept now. */
  async bytes(): Promise<number> {
    await this.#list();
    return this.#bytes;
  }

  /** Another size bound; what is over it goes. */
  async setBudget(budgetBytes: number): Promise<void> {
    this.#budgetBytes = budgetBytes;
    await this.#list();
    await this.#makeRoom();
  }

  /** Deletes all that is kept; what is put meanwhile stays. */
  async empty(): Promise<EmptiedCache> {
    await this.#list();
    const freed = { files: this.#entries.size, bytes: this.#bytes };
    await this.#shrink(() => 0);
    return freed;
  }

  async #makeRoom(): Promise<void> {
    if (this.#bytes <= this.#budgetBytes) return;
    await this.#shrink(() => (this.#bytes <= this.#budgetBytes ? Infinity : this.#budgetBytes * KEPT_SHARE));
  }

  /** Lets the least recently used go until no more than `keep()` bytes remain, asked when those before have finished. */
  async #shrink(keep: () => number): Promise<void> {
    const before = this.#making.catch(() => {}); // a file that could not be deleted stops only its own call
    this.#making = before.then(async () => {
      const most = keep();
      for (const name of [...this.#entries.keys()]) {
        if (this.#bytes <= most) return;
        this.#forget(name);
        await rm(this.#pathOf(name), { force: true });
      }
    });
    await this.#making;
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

/** Who may write a part: one download at a time in this process, one process at a time on this cache. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { StudioError } from '../../../../src-shared/errors.ts';
import { throwIfCancelled } from './retry.ts';

/** A held part. `check` throws 'busy' when another process took it over. */
export type HeldPart = { check: () => Promise<void>; release: () => Promise<void> };

const HEARTBEAT_MS = 10_000;
const STALE_MS = 60_000;
const holderSchema = z.object({
  pid: z.number().int(),
  /** When that process began, in ms since 1970: a restarted container gives the same pid again. */
  began: z.number(),
  host: z.string(),
  token: z.string(),
});

/** Ends of the queues, one per blob: the next of this process waits for the one before. */
const queues = new Map<string, Promise<void>>();

/** Runs `work` alone among all callers of this process that name the same blob; waits for its turn, and gives the
 *  place up when cancelled. Throws 'cancelled' and what `work` throws. */
export async function aloneInProcess<T>({
  blob,
  signal,
  work,
}: {
  blob: string;
  signal?: AbortSignal | undefined;
  work: () => Promise<T>;
}): Promise<T> {
  const before = queues.get(blob) ?? Promise.resolve();
  const { promise: mine, resolve: done } = Promise.withResolvers<void>();
  const end = before.then(() => mine);
  queues.set(blob, end);
  const cancelled = Promise.withResolvers<void>();
  const cancel = () => cancelled.resolve();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    await Promise.race([before, cancelled.promise]);
    throwIfCancelled(signal);
    return await work();
  } finally {
    signal?.removeEventListener('abort', cancel);
    done();
    if (queues.get(blob) === end) queues.delete(blob);
  }
}

/** Takes the part for this process by a lock file beside it, kept fresh while held. A dead holder's part is taken over
 *  and resumed; the part of one that fell silent is thrown away, since it may wake up and write.
 *  Throws 'busy' while another process is at work on it. */
export async function holdPart(part: string): Promise<HeldPart> {
  const lockFile = `${part}.lock`;
  const mine = { pid: process.pid, began: processBegan(), host: hostname(), token: randomUUID() };
  await mkdir(path.dirname(part), { recursive: true });
  for (let tries = 0; !(await createLock(lockFile, mine)); tries += 1) {
    const holder = await holderState(lockFile);
    if (holder === 'working' || tries > 3)
      throw new StudioError('busy', 'Another program is downloading this file', {
        hint: `Wait until it is done. If none is, delete ${lockFile}.`,
        file: part,
      });
    if (holder === 'silent') await rm(part, { force: true });
    await rm(lockFile, { force: true });
  }
  const isMine = async () => (await readHolder(lockFile))?.token === mine.token;
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(lockFile, now, now).catch(() => undefined); // `check` tells when the lock is gone
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    check: async () => {
      if (!(await isMine()))
        throw new StudioError('busy', 'Another program took over this download', {
          hint: 'Start the download again when the other one is done.',
          file: part,
        });
    },
    release: async () => {
      clearInterval(heartbeat);
      if (await isMine()) await rm(lockFile, { force: true });
    },
  };
}

/** True while a process is at work on the part. */
export async function isHeld(part: string): Promise<boolean> {
  return (await holderState(`${part}.lock`)) === 'working';
}

type Holder = z.infer<typeof holderSchema>;

/** Writes the lock file whole or not at all; false where there is one already. */
async function createLock(lockFile: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(lockFile, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function holderState(lockFile: string): Promise<'working' | 'dead' | 'silent'> {
  const age = Date.now() - ((await stat(lockFile).catch(() => null))?.mtimeMs ?? 0);
  const holder = await readHolder(lockFile);
  if (holder === null) return age < STALE_MS ? 'working' : 'dead'; // being written, or its writer died at once
  if (holder.host === hostname() && !isAlive(holder)) return 'dead';
  return age < STALE_MS ? 'working' : 'silent';
}

async function readHolder(lockFile: string): Promise<Holder | null> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(lockFile, 'utf8')));
  } catch {
    return null;
  }
}

const processBegan = () => Date.now() - process.uptime() * 1000;

function isAlive({ pid, began }: Holder): boolean {
  if (pid === process.pid) return Math.abs(began - processBegan()) < 5000;
  return isRunning(pid);
}

/** True while there is a process with this id on this machine. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, but another user's
  }
}

/** engine.json: how a command or the shell finds the engine that holds a home. Loads no native module (the shell reads it). */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Home } from './home.ts';

/** Who holds the home; the token opens the socket, so the file is 0600 in a 0700 folder. */
export type Presence = { pid: number; version: string; socket: string; token: string };

/** Writes engine.json in one step, so that a reader never sees half of it. Call after the socket listens. */
export function writePresence(home: Home, presence: Presence): void {
  const draft = `${home.presence}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, JSON.stringify(presence), { mode: 0o600, flag: 'wx' });
  renameSync(draft, home.presence);
}

/** What engine.json says, or null where there is none or it makes no sense. It may be stale after a kill -9. */
export function readPresence(home: Home): Presence | null {
  let value: Partial<Presence>;
  try {
    value = JSON.parse(readFileSync(home.presence, 'utf8')) as Partial<Presence>;
  } catch {
    return null;
  }
  const { pid, version, socket, token } = value;
  if (typeof pid !== 'number' || typeof version !== 'string') return null;
  if (typeof socket !== 'string' || typeof token !== 'string') return null;
  return { pid, version, socket, token };
}

/** Removes engine.json, but only where it is still this process's own. */
export function removePresence(home: Home): void {
  if (readPresence(home)?.pid === process.pid) rmSync(home.presence, { force: true });
}

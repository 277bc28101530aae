/** One engine per home. The lock is a held SQLite transaction: the OS releases it when the process dies, however it dies. */
import Database from 'better-sqlite3';
import { StudioError } from '../../src-shared/errors.ts';
import type { Home } from './home.ts';

/** A held lock; release() may be called twice. */
export type HomeLock = { release(): void };

/** Keeps held locks from being garbage collected, which would release them. */
const held = new Set<Database.Database>();

/** Takes the home for this process or throws 'busy' at once (never waits). */
export function acquireHomeLock(home: Home): HomeLock {
  const database = new Database(home.lock, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new StudioError('busy', `Another BIQA Studio is using ${home.folder}`, {
        file: home.folder,
        hint: 'Close the other window or command, or choose another folder with --home.',
      });
    }
    throw error;
  }
  held.add(database);
  return {
    release() {
      held.delete(database);
      database.close();
    },
  };
}

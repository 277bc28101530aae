import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { StudioError } from '../../src-shared/errors.ts';
import { MIGRATIONS } from './migrations/index.ts';

export type Db = Database.Database;

/**
 * Opens the catalog for writing (the one catalog thread does this): WAL, foreign keys, pending migrations,
 * each preceded by a backup through SQLite's backup API. Throws StudioError `corrupt` or `version-mismatch`.
 */
export async function openCatalogForWriting(file: string, backupFolder: string): Promise<Db> {
  const fresh = !existsSync(file);
  mkdirSync(path.dirname(file), { recursive: true });
  const db = open(file, false);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL'); // in WAL a crash of the process loses nothing; a power cut at most the last commits
  db.pragma('foreign_keys = ON');
  await migrate(db, file, fresh ? null : backupFolder);
  return db;
}

/** Opens a read-only connection; the catalog must exist and be migrated. */
export function openCatalogForReading(file: string): Db {
  const db = open(file, true);
  db.pragma('cache_size = -65536'); // 64 MiB
  return db;
}

function open(file: string, readonly: boolean): Db {
  try {
    const db = new Database(file, { readonly, timeout: 10_000 });
    db.pragma('schema_version'); // the first page is read here, so a file that is no database fails now
    return db;
  } catch (cause) {
    throw catalogError(cause, file);
  }
}

/** SQLite's own errors as StudioErrors with a remedy (corrupt, no-space, no-permission, busy); others as they are. */
export function catalogError(cause: unknown, file: string): unknown {
  const code = (cause as { code?: string }).code ?? '';
  const message = (cause as Error).message;
  const is = (...starts: string[]) => starts.some((start) => code.startsWith(start));
  if (is('SQLITE_NOTADB', 'SQLITE_CORRUPT')) {
    return new StudioError('corrupt', `The catalog is damaged: ${message}`, {
      file,
      hint: 'Move the file away and restore the newest copy from the "backups" folder beside it.',
      cause,
    });
  }
  if (is('SQLITE_FULL')) {
    return new StudioError('no-space', 'The disk is full', {
      file,
      hint: 'Free some space and resume the job; finished work is kept.',
      cause,
    });
  }
  if (is('SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_AUTH')) {
    return new StudioError('no-permission', `The catalog can not be opened for writing: ${message}`, {
      file,
      hint: 'Give this user the right to read and write the file and its folder, or choose another --home.',
      cause,
    });
  }
  if (is('SQLITE_BUSY', 'SQLITE_LOCKED')) {
    return new StudioError('busy', 'Another program holds the catalog', {
      file,
      hint: 'Close what has it open, then try again.',
      cause,
    });
  }
  return cause;
}

async function migrate(db: Db, file: string, backupFolder: string | null): Promise<void> {
  const applied = db.pragma('user_version', { simple: true }) as number;
  if (applied > MIGRATIONS.length) {
    throw new StudioError('version-mismatch', 'This catalog was written by a newer BIQA Studio', {
      file,
      hint: 'Update BIQA Studio, or use another --home.',
    });
  }
  for (let i = applied; i < MIGRATIONS.length; i++) {
    const migration = MIGRATIONS[i]!;
    if (backupFolder !== null) {
      mkdirSync(backupFolder, { recursive: true });
      await db.backup(path.join(backupFolder, `before-${migration.name}.sqlite`));
    }
    db.transaction(() => {
      db.exec(migration.sql);
      db.pragma(`user_version = ${i + 1}`);
    })();
  }
}

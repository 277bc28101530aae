import * as m0001 from './0001-initial.ts';
import * as m0002 from './0002-encoders.ts';
import * as m0003 from './0003-protocols.ts';
import * as m0004 from './0004-fingerprints.ts';

/** All migrations in order; the catalog's user_version counts how many were applied. */
export const MIGRATIONS: readonly { name: string; sql: string }[] = [
  { name: '0001-initial', sql: m0001.sql },
  { name: '0002-encoders', sql: m0002.sql },
  { name: '0003-protocols', sql: m0003.sql },
  { name: '0004-fingerprints', sql: m0004.sql },
];

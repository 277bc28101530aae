import * as m0001 from './0001-initial.ts';

/** All migrations in order; the catalog's user_version counts how many were applied. */
export const MIGRATIONS: readonly { name: string; sql: string }[] = [
  { name: '0001-initial', sql: m0001.sql },
];

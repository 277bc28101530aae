/** Random tokens and their comparison. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A fresh token: 256 random bits, safe in a URL, a cookie and a header. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Equality in constant time; hashing first makes the lengths equal, so not even the length leaks. */
export function sameSecret(given: string | null | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== null && given !== undefined && timingSafeEqual(digest(given), digest(expected));
}

/** What the two ends of the local socket agree on; the engine behind it never sees these. */

/** The client's STUDIO_VERSION; another version than the engine's is refused. */
export const VERSION_HEADER = 'x-studio-version';
/** The ClientTrust of the caller. Honoured on the socket only: whoever holds its token may read the home anyway. */
export const TRUST_HEADER = 'x-studio-trust';
/** Answered by the socket itself: is this engine alive, and of my version? */
export const HEALTH_PATH = '/health';

/** Finds the engine that already holds a home, and talks to it. */
import { resolveHome } from '../home/home.ts';
import { readPresence } from '../home/presence.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { responseError } from './error-response.ts';
import type { EngineHandler } from './handler.ts';
import { socketFetch } from './socket-fetch.ts';
import { HEALTH_PATH } from './socket-protocol.ts';

/** A live engine of this version; `handler` forwards over its socket with the client's trust. */
export type RunningEngine = { pid: number; handler: EngineHandler };

/** The running engine of a home (as resolveHome names it), or null where none answers.
 *  Throws 'version-mismatch' where one runs that is of another version. */
export async function findRunningEngine(homeFlag?: string): Promise<RunningEngine | null> {
  const presence = readPresence(resolveHome(homeFlag));
  if (presence === null) return null;
  const handler: EngineHandler = (request, client) =>
    socketFetch(presence.socket, presence.token, request, client.trust);
  try {
    const request = new Request(`http://localhost${HEALTH_PATH}`, { signal: AbortSignal.timeout(5000) });
    const response = await handler(request, { trust: 'local' });
    if (!response.ok) throw await responseError(response);
  } catch (error) {
    // engine.json outlives a kill -9: nobody behind the socket, or one that does not know this token
    if (error instanceof StudioError && ['not-found', 'forbidden'].includes(error.code)) return null;
    throw error;
  }
  return { pid: presence.pid, handler };
}

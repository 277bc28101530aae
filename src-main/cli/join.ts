import { setTimeout } from 'node:timers/promises';
import { StudioError } from '../../src-shared/errors.ts';
import { startEngine } from '../engine.ts';
import type { EngineHandler } from '../host/handler.ts';
import { findRunningEngine, type RunningEngine } from '../host/running-engine.ts';
import { say } from './output.ts';

/** An engine to work with. */
export type JoinedEngine = {
  handler: EngineHandler;
  pid: number;
  /** True where it lives in this process and ends with close(). */
  own: boolean;
  /** Resolves when no other command works with this process's engine. */
  guestsGone(): Promise<void>;
  close(): Promise<void>;
};

const WAIT_MS = 200;
const MAX_WAITS = 50;

/**
 * The engine that holds the home, or a new one in this process. While another command is just opening or closing one
 * it waits, at most ten seconds. Throws StudioError version-mismatch, busy, and what startEngine throws.
 */
export async function joinEngine(home: string | undefined, root?: string | undefined): Promise<JoinedEngine> {
  for (let waits = 0; ; waits++) {
    const running = await findRunningEngine(home);
    const joined = running === null ? null : await asGuest(running);
    if (joined !== null) return joined;
    try {
      return await ownEngine(home, root);
    } catch (error) {
      const busy = error instanceof StudioError && error.code === 'busy';
      if (!busy || waits === MAX_WAITS) throw error;
      await setTimeout(WAIT_MS);
    }
  }
}

async function ownEngine(home: string | undefined, root: string | undefined): Promise<JoinedEngine> {
  const engine = await startEngine({ home, root });
  const { guests } = engine.services;
  return {
    handler: engine.handler,
    pid: process.pid,
    own: true,
    async guestsGone() {
      if (guests.present > 0) say('Waiting for other commands that use this engine.');
      await guests.gone();
    },
    close: () => engine.close(),
  };
}

/** Stays as a guest, so that an engine of another command waits for this one; null where it is just closing. */
async function asGuest({ handler, pid }: RunningEngine): Promise<JoinedEngine | null> {
  const stay = await handler(new Request('http://localhost/guest'), { trust: 'local' }).catch(() => null);
  if (stay === null) return null;
  return {
    handler,
    pid,
    own: false,
    guestsGone: () => Promise.resolve(),
    close: async () => stay.body?.cancel(),
  };
}

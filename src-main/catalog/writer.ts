import { Worker } from 'node:worker_threads';
import { StudioError, type ErrorShape } from '../../src-shared/errors.ts';
import type { CatalogWriter } from './commands.ts';

type Reply = { id: number; value?: unknown; error?: ErrorShape };

/**
 * Starts the catalog thread, which opens and migrates the catalog, and returns its commands as promises.
 * Throws StudioError `corrupt` or `version-mismatch` where the file can not be used.
 */
export async function startCatalogWriter(
  file: string,
  backups: string,
): Promise<{ writer: CatalogWriter; close(): Promise<void> }> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { file, backups } });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let nextId = 1;
  let stopped: { reason: unknown } | null = null;

  const failAll = (error: unknown) => {
    stopped ??= { reason: error };
    for (const call of waiting.values()) call.reject(error);
    waiting.clear();
  };
  worker.on('message', ({ id, value, error }: Reply) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(StudioError.fromShape(error));
  });
  worker.on('error', failAll);
  worker.on('exit', () =>
    failAll(
      new StudioError('internal', 'The catalog thread has stopped', { hint: 'Start the studio again.' }),
    ),
  );

  const answer = (id: number) =>
    new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
  const call = (command: string, args: unknown[]): Promise<unknown> => {
    // A thread that is gone never answers.
    if (stopped !== null) return Promise.reject(stopped.reason);
    const id = nextId++;
    const reply = answer(id);
    worker.postMessage({ id, command, args });
    return reply;
  };

  await answer(0).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  const writer = new Proxy({} as CatalogWriter, {
    get: (_target, command) =>
      command === 'then' ? undefined : (...args: unknown[]) => call(String(command), args),
  });
  return {
    writer,
    async close() {
      await call('close', []);
      await worker.terminate();
    },
  };
}

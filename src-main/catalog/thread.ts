/** The catalog thread: the one writer. Started by writer.ts; receives {id, command, args}, answers {id, value | error}. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorShape } from '../../src-shared/errors.ts';
import { catalogCommands } from './commands.ts';
import { catalogError, openCatalogForWriting } from './open.ts';

const port = parentPort!;
const { file, backups } = workerData as { file: string; backups: string };

try {
  const db = await openCatalogForWriting(file, backups);
  const commands = catalogCommands(db) as unknown as Record<string, (...args: unknown[]) => unknown>;
  port.on('message', ({ id, command, args }: { id: number; command: string; args: unknown[] }) => {
    if (command === 'close') {
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
      port.postMessage({ id });
      port.close();
      return;
    }
    try {
      port.postMessage({ id, value: db.transaction(() => commands[command]!(...args))() });
    } catch (error) {
      port.postMessage({ id, error: errorShape(catalogError(error, file)) });
    }
  });
  port.postMessage({ id: 0 });
} catch (error) {
  port.postMessage({ id: 0, error: errorShape(catalogError(error, file), file) });
}

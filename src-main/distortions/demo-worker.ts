import { parentPort, workerData } from 'node:worker_threads';
import { errorShape } from '../../src-shared/errors.ts';
import type { ErrorShape } from '../../src-shared/errors.ts';
import { makeDemoScene } from './demo-scene.ts';
import type { DemoConfiguration, DemoRow } from './demo-scene.ts';

/** The worker thread of the demo dataset: a scene number comes in, its images and rows go out. */

/** What the thread is started with. */
export type DemoWorkerData = { folder: string; configuration: DemoConfiguration };

/** What it answers: one `image` per finished image, then `scene` with the rows, or `failed`. */
export type DemoWorkerMessage =
  | { kind: 'image' }
  | { kind: 'scene'; scene: number; rows: DemoRow[] }
  | { kind: 'failed'; error: ErrorShape };

const port = parentPort;
if (port === null) throw new Error('demo-worker.ts runs as a worker thread only');
const { folder, configuration } = workerData as DemoWorkerData;
const send = (message: DemoWorkerMessage): void => port.postMessage(message);

port.on('message', (scene: number) => {
  makeDemoScene(folder, configuration, scene, () => send({ kind: 'image' })).then(
    (rows) => send({ kind: 'scene', scene, rows }),
    (error: unknown) => send({ kind: 'failed', error: errorShape(error) }),
  );
});

import { workerData } from 'node:worker_threads';
import { makeDemoScene } from './demo-scene.ts';
import type { DemoConfiguration, DemoRow } from './demo-scene.ts';
import { serveTasks } from './worker-pool.ts';

/** The worker thread of the demo dataset: a scene number comes in, its rows go out, with a step per finished image. */

/** What the thread is started with. */
export type DemoWorkerData = { folder: string; configuration: DemoConfiguration };

const { folder, configuration } = workerData as DemoWorkerData;
serveTasks<number, DemoRow[]>((scene, onStep) => makeDemoScene(folder, configuration, scene, onStep));

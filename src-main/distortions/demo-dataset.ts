import { mkdir, readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { distortionName, findDistortion } from '../../src-shared/distortions.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { AVAILABLE_TYPES } from './apply.ts';
import { DENOISER } from './denoise.ts';
import { distortedNames, LEVELS, referenceName, writeInPlace } from './demo-scene.ts';
import type { DemoConfiguration, DemoRow } from './demo-scene.ts';
import type { DemoWorkerData, DemoWorkerMessage } from './demo-worker.ts';
import { RATERS } from './raters.ts';
import { SIMILARITY_MEASURE } from './similarity.ts';

/** Ten types from all groups; with 36 scenes and five levels they make 1,800 images. More scenes teach more than more types. */
export const DEMO_TYPES: readonly string[] = ['01', '03', '06', '08', '10', '11', '13', '16', '21', '24'];

/** Raised whenever the same configuration would give other bytes. */
const GENERATOR_VERSION = 1;
const DEMO_SCENES = 36;

const LABELS = 'labels.csv';
const CARD = 'dataset.json';

/** Everything has a default; `types` are two-digit KADID codes, `size` is in px (96 x 96 to 2048 x 2048). */
export type DemoOptions = {
  scenes?: number;
  types?: readonly string[];
  size?: { width: number; height: number };
  seed?: number;
  /** Worker threads; the bytes do not depend on it. */
  workers?: number;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
};

/**
 * Writes the synthetic demo dataset: dead-leaves scenes (I01.png ...), their distortions (I01_07_03.png ...), labels.csv
 * (`image,reference,distortion,level,mos,std,votes`), dataset.json and README.txt. The same options give the same bytes.
 * A run that was stopped goes on where it was; labels.csv comes last, so a folder that has it is complete.
 * Errors: bad-input (options), not-available (a type), conflict (the folder holds other data), cancelled (signal).
 */
export async function makeDemoDataset(
  folder: string,
  options: DemoOptions = {},
): Promise<{ images: number; folder: string }> {
  const configuration = checked(options);
  const { scenes, types } = configuration;
  const total = scenes * types.length * LEVELS.length;
  const finished = { images: total, folder };
  throwIfAborted(options.signal);
  await claimFolder(folder, configuration);
  if (await isComplete(folder, configuration)) {
    options.onProgress?.(total, total);
    return finished;
  }
  let done = 0;
  const rows = await makeScenes(
    folder,
    configuration,
    options.workers ?? availableParallelism(),
    options.signal,
    () => options.onProgress?.(++done, total),
  );
  await writeInPlace(path.join(folder, 'README.txt'), readme(configuration));
  await writeInPlace(path.join(folder, LABELS), labelsCsv(rows));
  return finished;
}

function checked({
  scenes = DEMO_SCENES,
  types = DEMO_TYPES,
  size = { width: 384, height: 288 },
  seed = 1,
}: DemoOptions) {
  if (!Number.isInteger(scenes) || scenes < 1 || scenes > 99) {
    throw new StudioError('bad-input', `The demo cannot have ${scenes} scenes`, { hint: 'Choose 1 to 99.' });
  }
  for (const side of [size.width, size.height]) {
    if (Number.isInteger(side) && side >= 96 && side <= 2048) continue;
    throw new StudioError('bad-input', `Demo images cannot be ${size.width} x ${size.height} px`, {
      hint: 'Both sides: 96 to 2048 px.',
    });
  }
  const unavailable = types.find((type) => !AVAILABLE_TYPES.includes(type));
  if (types.length === 0 || unavailable !== undefined) {
    const known = unavailable !== undefined && findDistortion(unavailable) !== undefined;
    throw new StudioError(
      known ? 'not-available' : 'bad-input',
      `The demo cannot make distortion type ${unavailable}`,
      {
        hint: `Available types are ${AVAILABLE_TYPES.join(', ')}.`,
      },
    );
  }
  return {
    seed,
    scenes,
    types: [...new Set(types)].sort(),
    size: { width: size.width, height: size.height },
  };
}

/** Writes the card into a new folder; a folder with the same card is gone on with; any other is refused. */
async function claimFolder(folder: string, configuration: DemoConfiguration): Promise<void> {
  await mkdir(folder, { recursive: true });
  const card = path.join(folder, CARD);
  const wanted = cardJson(configuration);
  const found = await readdir(folder);
  if (!found.some((name) => name === CARD)) {
    if (found.some((name) => !name.endsWith('.part'))) {
      throw new StudioError('conflict', 'The folder for the demo dataset is not empty', {
        file: folder,
        hint: 'Choose an empty or a new folder.',
      });
    }
    await writeInPlace(card, wanted);
  } else if ((await readFile(card, 'utf8')) !== wanted) {
    throw new StudioError('conflict', 'The folder holds a demo dataset with other settings', {
      file: card,
      hint: 'Choose another folder, or delete this one.',
    });
  }
}

async function isComplete(folder: string, { scenes, types }: DemoConfiguration): Promise<boolean> {
  const there = new Set(await readdir(folder));
  const names = sceneNumbers(scenes).flatMap((scene) => [
    referenceName(scene),
    ...distortedNames(scene, types),
  ]);
  return there.has(LABELS) && names.every((name) => there.has(name));
}

function sceneNumbers(scenes: number): number[] {
  return Array.from({ length: scenes }, (_, i) => i + 1);
}

/** Hands the scenes out to worker threads, one at a time; rows come back in scene order. */
async function makeScenes(
  folder: string,
  configuration: DemoConfiguration,
  workers: number,
  signal: AbortSignal | undefined,
  onImage: () => void,
): Promise<DemoRow[]> {
  throwIfAborted(signal);
  const waiting = sceneNumbers(configuration.scenes);
  const finished = new Map<number, DemoRow[]>();
  const count = Math.max(1, Math.min(workers, waiting.length));
  const threads = Array.from({ length: count }, () => {
    const workerData: DemoWorkerData = { folder, configuration };
    return new Worker(new URL('./demo-worker.ts', import.meta.url), { workerData });
  });
  const done = new AbortController(); // takes the listener off the caller's signal
  try {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(cancelled()), { signal: done.signal });
      for (const thread of threads) {
        const next = (): void => {
          const scene = waiting.shift();
          if (scene !== undefined) thread.postMessage(scene);
        };
        thread.on('error', reject);
        thread.on('exit', (code) =>
          reject(new StudioError('internal', `A demo worker ended with code ${code}`)),
        );
        thread.on('message', (message: DemoWorkerMessage) => {
          if (message.kind === 'failed') return reject(StudioError.fromShape(message.error));
          if (message.kind === 'image') return onImage();
          finished.set(message.scene, message.rows);
          if (finished.size === configuration.scenes) return resolve();
          next();
        });
        next();
      }
    });
  } finally {
    done.abort();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return sceneNumbers(configuration.scenes).flatMap((scene) => finished.get(scene)!);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

function cancelled(): StudioError {
  return new StudioError('cancelled', 'Making the demo dataset was cancelled', {
    hint: 'Start it again with the same folder to go on; finished images are kept.',
  });
}

function labelsCsv(rows: readonly DemoRow[]): string {
  const lines = rows.map(({ image, reference, distortion, level, mos, std, votes }) =>
    [image, reference, distortion, level, mos.toFixed(2), std.toFixed(4), votes].join(','),
  );
  return ['image,reference,distortion,level,mos,std,votes', ...lines, ''].join('\n');
}

/** The card: says to people and programs that the scores are synthetic and how they came about. */
function cardJson(configuration: DemoConfiguration): string {
  const card = {
    format: 'biqa-demo',
    version: GENERATOR_VERSION,
    name: 'Demo (synthetic)',
    synthetic: true,
    labels: LABELS,
    scale: [1, 5],
    better: 'higher',
    group: 'reference',
    ...configuration,
    scenery: 'dead leaves (Lee, Mumford & Huang 2001)',
    measure: SIMILARITY_MEASURE,
    denoiser: DENOISER,
    raters: RATERS,
  };
  return `${JSON.stringify(card, null, 2)}\n`;
}

function readme({ scenes, types, seed }: DemoConfiguration): string {
  const names = types.map((type) => `  ${type} ${distortionName(type)}`).join('\n');
  return `SYNTHETIC demo dataset of BIQA Studio. Nobody has looked at these images.

${scenes} computed dead-leaves scenes (I01.png ...) and their distortions at five levels
(I01_07_03.png: scene 1, type 7, level 3), numbered as in KADID-10k:
${names}

labels.csv: mos (1-5, higher is better) comes from a full-reference similarity in CIELAB
against the pristine scene, put through a logistic curve and ${RATERS} simulated raters (seed ${seed}).
It shows how the studio works; it says nothing about how people see quality.
`;
}

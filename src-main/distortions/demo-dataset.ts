import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { distortionName, findDistortion, DISTORTION_TYPES } from '../../src-shared/distortions.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { claimFolder, LABELS, writeInPlace } from './dataset-folder.ts';
import { DENOISER } from './denoise.ts';
import { referenceName } from './demo-scene.ts';
import type { DemoConfiguration, DemoRow } from './demo-scene.ts';
import type { DemoWorkerData } from './demo-worker.ts';
import { LEVELS, rungsOf } from './ladder-rungs.ts';
import { RATERS } from './raters.ts';
import { SIMILARITY_MEASURE } from './similarity.ts';
import { refuseAborted, runInWorkers } from './worker-pool.ts';

/** Ten types from all groups; with 36 scenes and five levels they make 1,800 images. More scenes teach more than more types. */
export const DEMO_TYPES: readonly string[] = ['01', '03', '06', '08', '10', '11', '13', '16', '21', '24'];

/** Raised whenever the same configuration would give other bytes. */
const GENERATOR_VERSION = 1;
const DEMO_SCENES = 36;
const WORK = 'Making the demo dataset';
const WORKER = new URL('./demo-worker.ts', import.meta.url);

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
 * Errors: bad-input (options), conflict (the folder holds other data), cancelled (signal).
 */
export async function makeDemoDataset(
  folder: string,
  options: DemoOptions = {},
): Promise<{ images: number; folder: string }> {
  const configuration = checked(options);
  const { scenes, types } = configuration;
  const total = scenes * types.length * LEVELS.length;
  const finished = { images: total, folder };
  refuseAborted(options.signal, WORK);
  await claimFolder(folder, cardJson(configuration), 'a demo dataset');
  if (await isComplete(folder, configuration)) {
    options.onProgress?.(total, total);
    return finished;
  }
  let done = 0;
  const rows = await runInWorkers<number, DemoRow[]>(WORKER, sceneNumbers(scenes), {
    what: WORK,
    workers: options.workers ?? availableParallelism(),
    workerData: { folder, configuration } satisfies DemoWorkerData,
    signal: options.signal,
    onStep: () => options.onProgress?.(++done, total),
  });
  await writeInPlace(path.join(folder, 'README.txt'), readme(configuration));
  await writeInPlace(path.join(folder, LABELS), labelsCsv(rows.flat()));
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
  const unknown = types.find((type) => findDistortion(type) === undefined);
  if (types.length === 0 || unknown !== undefined) {
    throw new StudioError('bad-input', `The demo cannot make distortion type ${unknown}`, {
      hint: `Types are ${DISTORTION_TYPES.map(({ type }) => type).join(', ')}.`,
    });
  }
  return {
    seed,
    scenes,
    types: [...new Set(types)].sort(),
    size: { width: size.width, height: size.height },
  };
}

async function isComplete(folder: string, { scenes, types }: DemoConfiguration): Promise<boolean> {
  const there = new Set(await readdir(folder));
  const names = sceneNumbers(scenes).flatMap((scene) => [
    referenceName(scene),
    ...rungsOf(path.parse(referenceName(scene)).name, types, LEVELS).map(({ image }) => image),
  ]);
  return there.has(LABELS) && names.every((name) => there.has(name));
}

function sceneNumbers(scenes: number): number[] {
  return Array.from({ length: scenes }, (_, i) => i + 1);
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

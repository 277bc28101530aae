import { mkdir, statfs } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import path from 'node:path';
import { StudioError, type ErrorShape } from '../../src-shared/errors.ts';
import { ladderBytes } from '../../src-shared/ladders.ts';
import { claimFolder, LABELS, writeInPlace } from './dataset-folder.ts';
import { DENOISER } from './denoise.ts';
import { rungsOf } from './ladder-rungs.ts';
import { findSources, type LadderSource } from './ladder-sources.ts';
import type { LadderReply, LadderTask, LadderWorkerData } from './ladder-worker.ts';
import { runInWorkers } from './worker-pool.ts';

/** Raised whenever the same settings would give other bytes. */
const GENERATOR_VERSION = 1;
const WORKER = new URL('./ladder-worker.ts', import.meta.url);

/** Memory per pixel of the picture being distorted: measured 41 for type 15 at 12 megapixels, the most of all, and some garbage. */
const BYTES_PER_PIXEL = 60;

/** What is made: two-digit KADID codes, levels 1-5, and the seed of all chance. */
export type LadderSettings = { name: string; types: string[]; levels: number[]; seed: number };

/** How it is made; the bytes depend on none of these. */
export type LadderOptions = {
  workers?: number;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
  /** A picture that cannot be used; the others go on. */
  onRefused?: (file: string, error: ErrorShape) => void;
};

/**
 * Writes the ladder of the pictures in `from` into `to`: pristine copies (kodim01.png, level 0), their distortions
 * (kodim01_09_03.png), labels.csv (`image,reference,distortion,level`; no scores: nobody rated them) and dataset.json.
 * Goes on where an earlier call stopped; labels.csv comes last. Errors: bad-input (no pictures), conflict (`to` holds
 * other data, a picture changed), no-space, no-permission, cancelled.
 */
export async function makeLadderDataset(
  from: string,
  to: string,
  settings: LadderSettings,
  { workers, signal, onProgress, onRefused }: LadderOptions = {},
): Promise<{ references: number; images: number }> {
  const { sources, refused } = await findSources(from, to, signal);
  for (const { file, error } of refused) onRefused?.(file, error);
  const { types, levels, seed } = settings;
  await mkdir(path.dirname(to), { recursive: true });
  await requireSpace(to, sources, types.length * levels.length);
  await claimFolder(to, cardJson(settings, sources), 'a ladder');

  const tasks = sources.flatMap((source): LadderTask[] => [
    { source, type: null },
    ...types.map((type) => ({ source, type })),
  ]);
  const total = sources.length * (1 + types.length * levels.length);
  let done = 0;
  onProgress?.(done, total);
  const replies = await runInWorkers<LadderTask, LadderReply>(WORKER, tasks, {
    what: 'Making the ladder',
    workers: Math.min(workers ?? availableParallelism(), threadsInMemory(sources)),
    workerData: { from, to, seed, levels } satisfies LadderWorkerData,
    signal,
    onStep: () => onProgress?.(++done, total),
  });
  const broken = new Map(
    tasks.flatMap(({ source }, i) => (replies[i] ? [[source, replies[i]] as const] : [])),
  );
  for (const [source, error] of broken) onRefused?.(source.file, error);
  const made = sources.filter((source) => !broken.has(source));
  if (made.length === 0) throw StudioError.fromShape([...broken.values()][0]!);
  await writeInPlace(path.join(to, LABELS), labelsCsv(made, settings));
  return { references: made.length, images: made.length * types.length * levels.length };
}

/** Throws StudioError no-space where the ladder would probably not fit; what is there already is not counted twice. */
async function requireSpace(folder: string, sources: readonly LadderSource[], rungs: number): Promise<void> {
  const raw = sources.reduce((sum, { width, height }) => sum + width * height * 3, 0);
  const needed = ladderBytes(raw, rungs);
  const { bavail, bsize } = await statfs(path.dirname(folder));
  const free = bavail * bsize;
  if (free >= needed) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new StudioError(
    'no-space',
    `The ladder needs about ${gigabytes(needed)}, and ${gigabytes(free)} are free`,
    { file: folder, hint: 'Choose fewer types or levels, smaller pictures, or another disk with --out.' },
  );
}

/** As many threads as half of the free memory holds of the largest picture, at least one. */
function threadsInMemory(sources: readonly LadderSource[]): number {
  const largest = sources.reduce((most, { width, height }) => Math.max(most, width * height), 1);
  return Math.max(1, Math.floor(freemem() / 2 / (largest * BYTES_PER_PIXEL)));
}

function labelsCsv(sources: readonly LadderSource[], { types, levels }: LadderSettings): string {
  const lines = sources.flatMap(({ name }) => [
    `${name}.png,${name}.png,,0`,
    ...rungsOf(name, types, levels).map(({ image, type, level }) => `${image},${name}.png,${type},${level}`),
  ]);
  return ['image,reference,distortion,level', ...lines, ''].join('\n');
}

function cardJson(
  { name, types, levels, seed }: LadderSettings,
  references: readonly LadderSource[],
): string {
  const card = {
    format: 'biqa-ladder',
    version: GENERATOR_VERSION,
    name,
    labels: LABELS,
    group: 'reference',
    seed,
    types,
    levels,
    denoiser: DENOISER,
    jpeg2000: 'OpenJPEG, 9/7 wavelet, one layer',
    references,
  };
  return `${JSON.stringify(card, null, 2)}\n`;
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { decodePicture } from '../images/decode.ts';
import type { RgbPicture } from '../images/picture.ts';
import { StudioError, type ErrorShape } from '../../src-shared/errors.ts';
import { makeRungs, rungsOf, writeUnlessThere } from './ladder-rungs.ts';
import type { LadderSource } from './ladder-sources.ts';
import { serveTasks } from './worker-pool.ts';

/** The worker thread of a ladder: one type (or the pristine copy) of one picture per task. */

/** What the thread is started with: where from, where to, and what enters the bytes. */
export type LadderWorkerData = { from: string; to: string; seed: number; levels: number[] };
/** `type` null: the pristine picture itself, level 0. */
export type LadderTask = { source: LadderSource; type: string | null };
/** Why the picture could not be read; null where all went well. */
export type LadderReply = ErrorShape | null;

const { from, to, seed, levels } = workerData as LadderWorkerData;
sharp.concurrency(1); // the threads of the pool are the parallelism
let last: { sha256: string; picture: RgbPicture } | null = null;

/** The decoded picture; tasks come picture by picture, so one is kept. Throws StudioError. */
async function pristine({ file, sha256 }: LadderSource): Promise<RgbPicture> {
  if (last?.sha256 === sha256) return last.picture;
  last = null; // its memory goes before the next picture is decoded
  const whole = path.join(from, file);
  const bytes = await readFile(whole);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new StudioError('conflict', 'The picture changed while the ladder was made', {
      file: whole,
      hint: 'Start again with a new folder.',
    });
  }
  last = { sha256, picture: await decodePicture(bytes, whole) };
  return last.picture;
}

serveTasks<LadderTask, LadderReply>(async ({ source, type }, onStep) => {
  let picture: RgbPicture;
  try {
    picture = await pristine(source);
  } catch (error) {
    if (error instanceof StudioError && error.code.endsWith('-image')) return error.toShape();
    throw error;
  }
  if (type === null) {
    await writeUnlessThere(path.join(to, `${source.name}.png`), source, () => picture);
    onStep();
  } else {
    // The content, not the name: the same picture gets the same ladder whatever lies beside it.
    const rungs = rungsOf(source.name, [type], levels);
    await makeRungs(to, picture, rungs, `${seed}/${source.sha256}`, onStep);
  }
  return null;
});

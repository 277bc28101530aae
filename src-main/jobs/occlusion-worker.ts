/** Worker thread of occlusion.ts: writes the picture as it is (0.png) and with each cell of the grid covered (1.png and so on). */
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { errorShape, type ErrorShape } from '../../src-shared/errors.ts';
import { occlusionGrid, type OcclusionFill } from '../../src-shared/inspect.ts';
import { decodePicture } from '../images/decode.ts';
import { coverOf, gridCells, occlude, writePng } from '../images/occlude.ts';
import { readPicture, type ExtractItem } from '../streams/read-picture.ts';
import { requireRoom } from './occlusion-room.ts';

/** What the worker is started with. */
export type OcclusionTask = { item: ExtractItem; folder: string; fill: OcclusionFill; cells: number };
/** The picture and its grid. */
export type OccludedPicture = { width: number; height: number; rows: number; columns: number };
/** What it says: files written of all, then the picture; or why it can not. */
export type OcclusionNote =
  | { type: 'progress'; done: number; total: number }
  | { type: 'written'; picture: OccludedPicture }
  | { type: 'failed'; error: ErrorShape };

const port = parentPort!;
const { item, folder, fill, cells } = workerData as OcclusionTask;
const say = (note: OcclusionNote): void => port.postMessage(note);

sharp.cache(false);
try {
  const picture = await decodePicture(await readPicture(item), item.path);
  const { width, height } = picture;
  const grid = occlusionGrid(picture, cells);
  const total = 1 + grid.rows * grid.columns;
  await requireRoom(folder, { width, height, pictures: total });
  const cover = await coverOf(picture, fill, Math.max(width, height) / cells);
  await writePng(picture, path.join(folder, '0.png'));
  for (const [i, cell] of gridCells(picture, grid).entries()) {
    say({ type: 'progress', done: i + 1, total });
    await writePng(occlude(picture, cover, cell), path.join(folder, `${i + 1}.png`));
  }
  say({ type: 'written', picture: { width, height, ...grid } });
} catch (error) {
  say({ type: 'failed', error: errorShape(error, item.path) });
}

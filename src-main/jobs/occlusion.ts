import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { OcclusionCells, OcclusionFill, OcclusionMap } from '../../src-shared/inspect.ts';
import { requireHeads } from '../experiments/run-heads.ts';
import type { OccludedPicture, OcclusionNote, OcclusionTask } from './occlusion-worker.ts';
import type { LooseParts } from './loose-features.ts';
import { predictFiles } from './predict.ts';
import type { JobControl } from './queue.ts';

/** Names a map: the same run, content, cells and fill give the same map. */
export type OcclusionPayload = {
  run: number;
  image: number;
  /** SHA-256 of the image's file. */
  content: string;
  cells: OcclusionCells;
  fill: OcclusionFill;
};

/**
 * Covers one cell of a grid after the other and predicts each covered picture with the run: where the prediction changes
 * is what it hangs on (Zeiler & Fergus, ECCV 2014, section 4.2). The covered pictures are PNG files in a folder of their own
 * that goes with the job, so that every stream sees them as it sees any picture. Throws like predictFiles and readPicture.
 */
export async function occludeImage(
  { run: id, image, content, cells, fill }: OcclusionPayload,
  control: JobControl,
  parts: LooseParts & { temporary: string },
): Promise<OcclusionMap> {
  const run = parts.reader.runs.get(id);
  requireHeads(run);
  const { dataset_id, file, name } = parts.reader.images.get(image);
  const item = { key: name, path: path.join(parts.reader.datasets.folder(dataset_id), file), content };
  await mkdir(parts.temporary, { recursive: true });
  const folder = await mkdtemp(path.join(parts.temporary, 'occlusion-'));
  try {
    const { rows, columns, ...size } = await writeOccluded({ item, folder, fill, cells }, control);
    const files = Array.from({ length: 1 + rows * columns }, (_, i) => path.join(folder, `${i}.png`));
    // Nobody will see a covered picture again: its features are not kept.
    const predictions = await predictFiles(run, files, control, { ...parts, writer: null });
    const failed = predictions.find((p) => p.error !== null)?.error;
    if (failed) throw StudioError.fromShape({ ...failed, file: item.path });
    const [whole, ...covered] = predictions;
    const prediction = whole!.prediction!;
    return {
      run: id,
      image,
      fill,
      rows,
      columns,
      ...size,
      prediction,
      predictionStd: whole!.prediction_std!,
      change: covered.map((p) => p.prediction! - prediction),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the copies in a worker thread: pixels are copied, filled and compressed away from the API's thread. */
async function writeOccluded(task: OcclusionTask, control: JobControl): Promise<OccludedPicture> {
  const worker = new Worker(new URL('./occlusion-worker.ts', import.meta.url), { workerData: task });
  try {
    return await new Promise<OccludedPicture>((resolve, reject) => {
      const stopped = () => reject(new StudioError('cancelled', 'Stopped'));
      if (control.signal.aborted) stopped();
      control.signal.addEventListener('abort', stopped, { once: true });
      worker.on('error', (error) => reject(StudioError.fromShape(errorShape(error, task.item.path))));
      worker.on('message', (note: OcclusionNote) => {
        if (note.type === 'written') resolve(note.picture);
        else if (note.type === 'failed') reject(StudioError.fromShape(note.error));
        else control.progress({ done: note.done, total: note.total, message: 'covering the picture' });
      });
    });
  } finally {
    await worker.terminate();
  }
}

/** Worker thread of crop-pool.ts: reads, decodes and preprocesses one picture at a time into the tensor it is given. */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import type { EncoderManifest } from '../../../src-shared/encoder-manifest.ts';
import { errorShape } from '../../../src-shared/errors.ts';
import type { ErrorShape } from '../../../src-shared/errors.ts';
import { decodePicture } from '../../images/decode.ts';
import { probePicture } from '../../images/probe.ts';
import { readPicture } from '../read-picture.ts';
import type { ExtractItem } from '../read-picture.ts';
import { fiveCrops } from '../../../src-shared/crops.ts';
import { createPreprocessor } from './preprocess.ts';
import type { InputValues } from './preprocess.ts';
import { createResizer } from './resize/resize.ts';
import { LARGE_PIXELS, withTurn } from './large-picture.ts';

/** What a worker starts with: `turn` is shared by all workers (large-picture.ts). */
export type CropWorkerData = { manifest: EncoderManifest; turn: Int32Array };
/** The tensor goes along and comes back: it is transferred, never copied. */
export type CropTask = { item: ExtractItem; values: InputValues };
export type CropReply = { item: ExtractItem; values: InputValues; error: ErrorShape | null };

sharp.cache(false);
sharp.concurrency(1); // one picture per thread: the cores are busy enough
const { manifest, turn } = workerData as CropWorkerData;
const preprocessor = createPreprocessor(await createResizer(), manifest.preprocessing);
const port = parentPort!;

async function fill({ item, values }: CropTask): Promise<void> {
  const bytes = await readPicture(item);
  const { width, height } = await probePicture(bytes, item.path);
  const large = width * height > LARGE_PIXELS;
  const work = async () => {
    const picture = await decodePicture(bytes, item.path);
    fiveCrops(picture.width, picture.height).forEach((crop, i) =>
      preprocessor.write(picture, crop, values, i * preprocessor.length),
    );
    // The collector does not hurry for 300 MB outside its heap; given up, they are free before the next turn.
    if (large) (picture.data.buffer as ArrayBuffer).transfer(0);
  };
  await (large ? withTurn(turn, work) : work());
}

let last: Promise<void> = Promise.resolve();
port.on('message', (task: CropTask) => {
  last = last.then(async () => {
    let error: ErrorShape | null = null;
    try {
      await fill(task);
    } catch (thrown) {
      error = errorShape(thrown, task.item.path);
    }
    const reply: CropReply = { ...task, error };
    port.postMessage(reply, [task.values.buffer as ArrayBuffer]);
  });
});

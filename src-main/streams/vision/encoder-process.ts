/**
 * The encoder process: one model, one session, for as long as a job needs it. It hosts the threads that decode and crop,
 * so that tensors stay in one process, and runs the model on its own main thread, which a run blocks.
 */
import { setPriority } from 'node:os';
import { errorShape } from '../../../src-shared/errors.ts';
import type { Provider } from '../../../src-shared/encoders.ts';
import type { ExtractReply } from '../read-picture.ts';
import { CropPool, tensorsFor } from './crop-pool.ts';
import type { CropReply } from './crop-worker.ts';
import { CROP_COUNT } from './crops.ts';
import type { EncoderTask, FromEncoder, ToEncoder } from './encoder-protocol.ts';
import { poolCrops } from './pooling.ts';
import type { InputValues } from './preprocess.ts';
import { chooseProvider, probeTensor } from './probe.ts';
import { loadOrt, openSession } from './session.ts';
import type { EncoderSession, Ort } from './session.ts';

/** A GPU is kept busy by larger batches; on the CPU they are no faster, and one picture at a time gives the same bytes
 *  whatever its neighbours are. */
const PICTURES_PER_GPU_RUN = 8;

function send(message: FromEncoder): Promise<void> {
  return new Promise((resolve, reject) =>
    process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error))),
  );
}

async function fail(error: unknown): Promise<never> {
  await send({ type: 'failed', error: errorShape(error) });
  process.exit(1);
}

/** Pictures that share a run, so that a fixed batch is not filled up with nothing each time. */
function picturesPerRun(batch: EncoderTask['batch'], provider: Provider): number {
  if (batch === 'dynamic') return provider === 'cpu' ? 1 : PICTURES_PER_GPU_RUN;
  return batch % CROP_COUNT === 0 ? batch / CROP_COUNT : batch;
}

/** Encodes what comes, until the process is ended. */
async function work(
  ort: Ort,
  task: EncoderTask,
  pool: CropPool,
  chosen: { provider: Provider; session: EncoderSession | null },
): Promise<void> {
  const session = chosen.session ?? (await openSession(ort, task, chosen.provider));
  // What is wrong with the model itself shows here, and not as a failure of every picture.
  await session.embed(await probeTensor(task), 1);
  const most = picturesPerRun(task.batch, chosen.provider);
  for (;;) {
    const taken = await pool.take(most);
    const good = taken.filter(({ error }) => error === null);
    const replies = [...failures(taken), ...(await embed(session, good))];
    pool.recycle(taken);
    for (const reply of replies) void send({ type: 'reply', reply });
  }
}

function failures(taken: readonly CropReply[]): ExtractReply[] {
  return taken.flatMap(({ item, error }) => (error === null ? [] : [{ key: item.key, error }]));
}

async function embed(session: EncoderSession, pictures: readonly CropReply[]): Promise<ExtractReply[]> {
  if (pictures.length === 0) return [];
  try {
    const embeddings = await session.embed(joined(pictures), pictures.length * CROP_COUNT);
    return pictures.map(({ item }, i) =>
      pooled(item, embeddings.slice(i * CROP_COUNT, (i + 1) * CROP_COUNT)),
    );
  } catch (error) {
    return pictures.map(({ item }) => ({ key: item.key, error: errorShape(error, item.path) }));
  }
}

function pooled({ key, path }: CropReply['item'], embeddings: Float32Array[]): ExtractReply {
  try {
    return { key, vector: poolCrops(embeddings) };
  } catch (error) {
    return { key, error: errorShape(error, path) };
  }
}

/** The tensors of some pictures as one; a sole one as it is. */
function joined(pictures: readonly CropReply[]): InputValues {
  const [only] = pictures;
  if (pictures.length === 1) return only!.values;
  const { length } = only!.values;
  const all =
    only!.values instanceof Float32Array
      ? new Float32Array(pictures.length * length)
      : new Uint16Array(pictures.length * length);
  pictures.forEach(({ values }, i) => all.set(values, i * length));
  return all;
}

async function open(task: EncoderTask): Promise<(message: ToEncoder) => void> {
  const ort = await loadOrt();
  const chosen = await chooseProvider(ort, task);
  const tensors = tensorsFor(task.workers, picturesPerRun(task.batch, chosen.provider));
  let pool: CropPool | null = null;
  await send({ type: 'opened', provider: chosen.provider, trials: chosen.trials });
  return (message) => {
    if (message.type !== 'item') return;
    if (pool === null) {
      // With the first picture: a job that finds everything done never loads the model.
      pool = new CropPool({ ...task, tensors, onError: (error) => void fail(error) });
      work(ort, task, pool, chosen).catch(fail);
    }
    pool.add(message.item);
  };
}

setPriority(10); // the window and the rest of the machine come first
let opened: Promise<(message: ToEncoder) => void> | null = null;
process.on('message', (message: ToEncoder) => {
  // Messages are read between two runs: a stop ends the process there.
  if (message.type === 'stop') process.exit(0);
  if (message.type === 'open') opened = open(message.task);
  opened?.then((handle) => handle(message)).catch(fail);
});
// Ctrl-C reaches the whole process group; the engine decides what becomes of this job.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit()); // the engine is gone; finished vectors are in the catalog

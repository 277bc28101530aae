/** Graphs that are run again and again on memory which stays where it is. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadOnnxRuntime, type NamedTensors, type OnnxRuntime, type Place } from './c-api.ts';
import { createSession, floatTensor } from './runtime.ts';
import type { Ort, OrtTensor } from './runtime.ts';

export type { Place } from './c-api.ts';
/** Inputs or outputs of a graph by name. */
export type Places = Readonly<Record<string, Place>>;

/** A compiled graph. Release it after use. */
export type InPlaceSession = {
  /** A run that reads these inputs and writes these outputs, what is in them then; it can be repeated. Throws Error. */
  bind(inputs: Places, outputs: Places): () => Promise<void>;
  release(): Promise<void>;
};

/** Compiles a graph for the CPU; `threads` is the number of threads of one run. Throws Error where it is no valid graph. */
export async function openInPlace(ort: Ort, model: Uint8Array, threads: number): Promise<InPlaceSession> {
  const runtime = await loadOnnxRuntime();
  return runtime === null ? copyingSession(ort, model, threads) : directSession(runtime, model, threads);
}

/** A session per model, all of them or, where one can not be made, none. */
export async function openAllInPlace(
  ort: Ort,
  models: readonly Uint8Array[],
  threads: number,
): Promise<InPlaceSession[]> {
  const sessions: InPlaceSession[] = [];
  try {
    for (const model of models) sessions.push(await openInPlace(ort, model, threads));
    return sessions;
  } catch (error) {
    await releaseAll(sessions);
    throw error;
  }
}

/** Frees all of them, also where one can not be freed. */
export async function releaseAll(sessions: readonly InPlaceSession[]): Promise<void> {
  await Promise.allSettled(sessions.map((session) => session.release()));
}

const RELEASED = 'The session was released';

/** Milliseconds that runs may follow each other without a turn for the messages of other processes. */
const LONGEST_TURN = 20;
let turnStart = 0;

/** A run of the library itself waits for nothing: the event loop would get no turn before the last one. */
async function giveTurn(): Promise<void> {
  if (performance.now() - turnStart < LONGEST_TURN) return;
  await nextTurn();
  turnStart = performance.now();
}

/** A session of the library itself: nothing is copied. */
export function directSession(runtime: OnnxRuntime, model: Uint8Array, threads: number): InPlaceSession {
  const session = runtime.openSession(model, threads);
  const bound: NamedTensors[] = [];
  let released = false;
  const name = (places: Places): NamedTensors => {
    if (released) throw new Error(RELEASED);
    const tensors = runtime.nameTensors(places);
    bound.push(tensors);
    return tensors;
  };
  return {
    bind(inputs, outputs) {
      const [ins, outs] = [name(inputs), name(outputs)];
      return async () => {
        if (released) throw new Error(RELEASED);
        runtime.run(session, ins, outs);
        await giveTurn();
      };
    },
    async release() {
      if (released) return;
      released = true;
      bound.splice(0).forEach((tensors) => runtime.releaseTensors(tensors));
      runtime.releaseSession(session);
    },
  };
}

/**
 * A session of onnxruntime-node, where the library can not be called. It writes the outputs in place too, but copies them into new buffers
 * besides. These are given back at once: as garbage (1.9 MB a training step) they cost a third of the step, in page faults and marking.
 */
export async function copyingSession(ort: Ort, model: Uint8Array, threads: number): Promise<InPlaceSession> {
  const session = await createSession(ort, model, threads);
  const tensors = (places: Places): Record<string, OrtTensor> =>
    Object.fromEntries(
      Object.entries(places).map(([name, { values, shape }]) => [
        name,
        values instanceof Float32Array
          ? floatTensor(ort, values, shape)
          : new ort.Tensor('float64', values, shape),
      ]),
    );
  return {
    bind(inputs, outputs) {
      const [feeds, fetches] = [tensors(inputs), tensors(outputs)];
      return async () => {
        const copies = await session.run(feeds, fetches);
        for (const { data } of Object.values(copies))
          if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) data.buffer.transfer(0);
      };
    },
    release: () => session.release(),
  };
}

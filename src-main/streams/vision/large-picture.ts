/** Large pictures are decoded one at a time, whatever the number of threads: that bounds the memory. */

/** Pictures of more pixels wait for their turn: 16 megapixels take 48 MB, 100 take 300. */
export const LARGE_PIXELS = 16_000_000;

/** A turn that worker threads of one process share: 0 free, 1 taken. */
export function createTurn(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Runs `work` while no other thread does. The thread sleeps meanwhile: it has nothing else to do. */
export async function withTurn<T>(turn: Int32Array, work: () => Promise<T>): Promise<T> {
  while (Atomics.compareExchange(turn, 0, 0, 1) !== 0) Atomics.wait(turn, 0, 1);
  try {
    return await work();
  } finally {
    Atomics.store(turn, 0, 0);
    Atomics.notify(turn, 0, 1);
  }
}

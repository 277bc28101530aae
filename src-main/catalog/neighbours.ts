import type { StreamKey } from './features.ts';
import type { Db } from './open.ts';

/** Images among which neighbours are sought: those of one dataset, or (null) of all. */
export type NeighbourScope = number | null;

/** Reading side of the search for similar images: the vectors of many images at once. */
export function neighbourReads(db: Db) {
  const joined = `FROM images i JOIN features f ON f.content = i.content AND f.stream = @stream AND f.version = @version
     WHERE (@dataset IS NULL OR i.dataset_id = @dataset)`;
  type Bound = StreamKey & { dataset: NeighbourScope };
  const count = db.prepare<[Bound], number>(`SELECT count(*) ${joined}`).pluck();
  const updated = db.prepare<[], string | null>('SELECT max(updated_at) FROM datasets').pluck();
  const vectors = db.prepare<[Bound], [number, Buffer]>(`SELECT i.id, f.vector ${joined}`).raw();
  const snapshot = db.transaction(<T>(read: () => T): T => read());

  return {
    /** Other than before when features were added, or a dataset was imported again or deleted. */
    stamp: (dataset: NeighbourScope, key: StreamKey) =>
      `${count.get({ ...key, dataset }) ?? 0} ${updated.get() ?? ''}`,
    /** Calls `use` with how many vectors there are, and the [image id, float32 values] of each, in one state of the catalog. */
    read: <T>(
      dataset: NeighbourScope,
      key: StreamKey,
      use: (n: number, rows: IterableIterator<[number, Buffer]>) => T,
    ): T =>
      snapshot(() =>
        use(
          count.get({ ...key, dataset }) ?? 0,
          vectors.iterate({ ...key, dataset }) as unknown as IterableIterator<[number, Buffer]>,
        ),
      ) as T,
  };
}

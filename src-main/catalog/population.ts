import type { StreamKey } from './features.ts';
import type { Db } from './open.ts';

/** One image of an experiment's population: a finite label and every stream (spec/data.md). */
export type PopulationRow = {
  id: number;
  name: string;
  content: string;
  mos: number;
  group: string | null;
  distortion: string | null;
  level: number | null;
  /** Its side in the split that the dataset was published with. */
  split: string | null;
};

/** Reading side of an experiment's population and its features. */
export function populationReads(db: Db) {
  const features = db
    .prepare<[string, string, string], Buffer>(
      'SELECT vector FROM features WHERE content = ? AND stream = ? AND version = ?',
    )
    .pluck();

  return {
    /** Images with a finite `label` and all `streams`, in label-file order. */
    rows(dataset: number, label: string, streams: readonly StreamKey[]): PopulationRow[] {
      const joins = streams.map(
        (_, i) =>
          `JOIN features f${i} ON f${i}.content = i.content AND f${i}.stream = ? AND f${i}.version = ?`,
      );
      return db
        .prepare(
          `SELECT i.id, i.name, i.content, l.mos, i.group_name AS "group", i.distortion, i.level, i.split
           FROM images i JOIN labels l ON l.image_id = i.id AND l.name = ? ${joins.join(' ')}
           WHERE i.dataset_id = ? ORDER BY i.position`,
        )
        .all(label, ...streams.flatMap((s) => [s.stream, s.version]), dataset) as PopulationRow[];
    },
    /** Images with all `streams`, rated or not, in label-file order; what scoring needs of them. */
    described(dataset: number, streams: readonly StreamKey[]): Omit<PopulationRow, 'mos'>[] {
      const joins = streams.map(
        (_, i) =>
          `JOIN features f${i} ON f${i}.content = i.content AND f${i}.stream = ? AND f${i}.version = ?`,
      );
      return db
        .prepare(
          `SELECT i.id, i.name, i.content, i.group_name AS "group", i.distortion, i.level
           FROM images i ${joins.join(' ')} WHERE i.dataset_id = ? ORDER BY i.position`,
        )
        .all(...streams.flatMap((s) => [s.stream, s.version]), dataset) as Omit<PopulationRow, 'mos'>[];
    },
    /** The stream's features of these rows as one row-major float32 matrix, rows x dimension. */
    matrix(
      rows: readonly { content: string }[],
      stream: StreamKey,
    ): { dimension: number; data: Float32Array } {
      let data = new Float32Array(0);
      let dimension = 0;
      rows.forEach((row, i) => {
        const blob = features.get(row.content, stream.stream, stream.version)!;
        if (i === 0) {
          dimension = blob.byteLength / 4;
          data = new Float32Array(rows.length * dimension);
        }
        new Uint8Array(data.buffer, i * dimension * 4, dimension * 4).set(blob);
      });
      return { dimension, data };
    },
  };
}

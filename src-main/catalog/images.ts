import type { GridItem, ImageQuery, ImageSort, ImageStatus, Label } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { Db } from './open.ts';

/** One image row, as the routes and the Inspector need it. */
export type ImageRow = {
  id: number;
  dataset_id: number;
  position: number;
  name: string;
  file: string;
  content: string;
  status: ImageStatus;
  reason: string | null;
  width: number | null;
  height: number | null;
  bytes: number | null;
  group_name: string | null;
  reference: string | null;
  distortion: string | null;
  level: number | null;
  split: string | null;
  mos: number | null;
  std: number | null;
  original: string;
};

const ORDER: Record<ImageSort, string> = {
  position: 'i.position',
  name: 'i.name',
  mos: 'i.mos',
  std: 'i.std',
  distortion: 'i.distortion',
  level: 'i.level',
  group: 'i.group_name',
  residual: 'abs(p.prediction - p.mos)',
};

/** Reading side of images. */
export function imageReads(db: Db) {
  const byId = db.prepare<[number], ImageRow>('SELECT * FROM images WHERE id = ?');
  const labels = db.prepare<[number], Label>(
    `SELECT l.name, l.mos, l.std, l.votes FROM labels l JOIN images i ON i.id = l.image_id
     JOIN datasets d ON d.id = i.dataset_id WHERE l.image_id = ? ORDER BY l.name = d.label DESC, l.name`,
  );
  const previous = db
    .prepare<[number, number], number>(
      'SELECT id FROM images WHERE dataset_id = ? AND position < ? ORDER BY position DESC LIMIT 1',
    )
    .pluck();
  const next = db
    .prepare<[number, number], number>(
      'SELECT id FROM images WHERE dataset_id = ? AND position > ? ORDER BY position LIMIT 1',
    )
    .pluck();
  const total = db.prepare<[number], number>('SELECT count(*) FROM images WHERE dataset_id = ?').pluck();
  const predictions = db.prepare<
    [number],
    { run: number; label: string; prediction: number; predictionStd: number | null; fold: number | null }
  >(
    `SELECT p.run_id AS run, r.label, p.prediction, p.prediction_std AS predictionStd, p.fold FROM predictions p
     JOIN runs r ON r.id = p.run_id WHERE p.image_id = ? ORDER BY p.run_id DESC`,
  );
  const gates = db.prepare<[number], { run: number; stream: string; gate: number }>(
    'SELECT run_id AS run, stream, gate FROM gates WHERE image_id = ? ORDER BY stream',
  );

  return {
    get(id: number): ImageRow {
      const row = byId.get(id);
      if (row === undefined)
        throw new StudioError('not-found', `There is no image ${id}`, {
          hint: 'Its dataset may have been deleted.',
        });
      return row;
    },
    /** The dataset's own label first, others by name. */
    labels: (id: number) => labels.all(id),
    neighbours(id: number) {
      const row = this.get(id);
      return {
        previous: previous.get(row.dataset_id, row.position) ?? null,
        next: next.get(row.dataset_id, row.position) ?? null,
        position: row.position,
        total: total.get(row.dataset_id) ?? 0,
      };
    },
    predictions(id: number) {
      const all = gates.all(id);
      return predictions.all(id).map((p) => ({
        ...p,
        gates: Object.fromEntries(all.filter((g) => g.run === p.run).map((g) => [g.stream, g.gate])),
      }));
    },
    /** A page of the grid. Every value is bound; only the fixed ORDER fragments are put into the text. */
    page(query: Required<Pick<ImageQuery, 'dataset'>> & ImageQuery): { total: number; items: GridItem[] } {
      const where = ['i.dataset_id = @dataset'];
      const bind: Record<string, unknown> = { dataset: query.dataset, run: query.run ?? null };
      const list = (column: string, key: string, values: readonly (string | number)[]) => {
        where.push(`${column} IN (SELECT value FROM json_each(@${key}))`);
        bind[key] = JSON.stringify(values);
      };
      if (query.text !== undefined && query.text !== '') {
        where.push(`i.name LIKE @text ESCAPE '\\'`);
        bind['text'] = `%${query.text.replace(/[\\%_]/g, '\\$&')}%`;
      }
      if (query.mos !== undefined) {
        where.push('i.mos BETWEEN @mosFrom AND @mosTo');
        [bind['mosFrom'], bind['mosTo']] = query.mos;
      }
      if (query.distortion !== undefined && query.distortion.length > 0)
        list('i.distortion', 'distortions', query.distortion);
      if (query.level !== undefined && query.level.length > 0) list('i.level', 'levels', query.level);
      if (query.group !== undefined) {
        where.push('i.group_name = @group');
        bind['group'] = query.group;
      }
      if (query.status !== undefined) {
        where.push('i.status = @status');
        bind['status'] = query.status;
      }
      const sort = query.sort ?? 'position';
      if (sort === 'residual' && query.run === undefined) {
        throw new StudioError('bad-input', 'Sorting by residual needs a run', {
          hint: 'Choose the run whose residuals to sort by.',
        });
      }
      const join =
        query.run === undefined ? '' : 'LEFT JOIN predictions p ON p.image_id = i.id AND p.run_id = @run';
      const direction = query.descending === true ? 'DESC' : 'ASC';
      const filter = `WHERE ${where.join(' AND ')}`;
      const order = `ORDER BY ${ORDER[sort]} ${direction} NULLS LAST, i.position`;
      const count = db.prepare(`SELECT count(*) FROM images i ${filter}`).pluck().get(bind) as number;
      // The page's ids first, by the indexes alone where they suffice; whole rows are read for one page only.
      const items = db
        .prepare(
          `SELECT i.id, i.name, i.status, i.mos, i.std, i.distortion, i.level, i.group_name AS "group",
                  ${query.run === undefined ? 'NULL' : 'p.prediction - p.mos'} AS residual
           FROM images i ${join}
           WHERE i.id IN (SELECT i.id FROM images i ${sort === 'residual' ? join : ''} ${filter} ${order}
                          LIMIT @limit OFFSET @offset)
           ${order}`,
        )
        .all({ ...bind, limit: query.limit ?? 120, offset: query.offset ?? 0 }) as GridItem[];
      return { total: count, items };
    },
  };
}

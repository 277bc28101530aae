/** Figures that others have published, cited: shown beside ours, never mixed with them. Data: resources/published. */
import { z } from 'zod';
import { StudioError } from './errors.ts';

export const PUBLISHED_METRICS = [
  'srocc',
  'plcc',
  'krocc',
  'delta-srocc',
  'gate-delta-rho',
  'gate-delta-p',
  'parameters-millions',
  'training-hours',
  'milliseconds-per-image',
] as const;
export type PublishedMetric = (typeof PUBLISHED_METRICS)[number];

/** A figure as printed: a number, mean and standard deviation, an approximate number, or none. */
const value = z.union([
  z.number(),
  z.tuple([z.number(), z.number().min(0)]),
  z.strictObject({ about: z.number() }),
  z.null(),
]);

const column = z.strictObject({
  /** Dataset format of the studio (koniq-10k, ...) or the paper's own name; null where a figure is of no dataset. */
  dataset: z.string().min(1).nullable(),
  metric: z.enum(PUBLISHED_METRICS),
  protocol: z.string().min(1),
  /** The kind of protocol as an experiment spec names it, to put our own runs beside; null where none applies. */
  kind: z.enum(['cv', 'cross', 'finetune', 'split', 'fraction']).nullable(),
  /** Training dataset where it is another one. */
  train: z.string().min(1).optional(),
});

const row = z.strictObject({
  method: z.string().min(1),
  /** The reference as the paper numbers or names it. */
  citation: z.string().min(1).optional(),
  /** The paper's own method. */
  own: z.literal(true).optional(),
  /** Distortion type, in figures per type. */
  type: z.string().min(1).optional(),
  remark: z.string().min(1).optional(),
  values: z.array(value),
});

const table = z
  .strictObject({
    id: z.string().min(1),
    title: z.string().min(1),
    note: z.string().min(1).optional(),
    columns: z.array(column).min(1),
    rows: z.array(row).min(1),
  })
  .refine(
    (t) => t.rows.every((r) => r.values.length === t.columns.length),
    'one value per column in every row',
  );

const paper = z.strictObject({
  version: z.literal(1),
  id: z.string().min(1),
  title: z.string().min(1),
  authors: z.string().min(1),
  short: z.string().min(1),
  link: z.url(),
  tables: z.array(table).min(1),
});

export type PublishedColumn = z.infer<typeof column>;
export type PublishedValue = z.infer<typeof value>;
export type PublishedTable = z.infer<typeof table>;
/** A paper's tables, each figure with method, dataset, metric and protocol. */
export type PublishedPaper = z.infer<typeof paper>;

/** Checks a paper's file; throws StudioError bad-input that names file and field. */
export function parsePublished(json: unknown, file: string): PublishedPaper {
  const parsed = paper.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StudioError(
    'bad-input',
    `Published results ${file}: "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`,
    { file },
  );
}

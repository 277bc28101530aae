/** Datasets, images and labels as the API and the readers speak of them. Meaning of each word: docs/data.md. */
import { z } from 'zod';

export const DATASET_FORMATS = [
  'koniq-10k',
  'kadid-10k',
  'live-itw',
  'agiqa-3k',
  'biqa-demo',
  'biqa-ladder',
  'csv',
] as const;
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

export const better = z.enum(['higher', 'lower']);
export type Better = z.infer<typeof better>;

/** The declared scale of a dataset's label, in label units, and which end is the good one. */
export const scaleSchema = z.object({ min: z.number(), max: z.number(), better });
export type Scale = z.infer<typeof scaleSchema>;

/** What a person may say about a folder beyond what the reader recognises by itself. */
export const importOptions = z.strictObject({
  format: z.enum(DATASET_FORMATS).optional(),
  name: z.string().trim().min(1).max(120).optional(),
  label: z.string().min(1).optional(),
  scale: z.tuple([z.number(), z.number()]).optional(),
  better: better.optional(),
  duplicates: z.enum(['mean', 'first']).optional(),
  imageColumn: z.string().min(1).optional(),
  groupColumn: z.string().min(1).optional(),
});
export type ImportOptions = z.infer<typeof importOptions>;

export type ImageStatus = 'ok' | 'missing' | 'unreadable';

/** One opinion score of an image, as published. */
export type Label = { name: string; mos: number; std: number | null; votes: number | null };

/** Why a row or file of a dataset was set aside. */
export type ReadProblem = {
  kind: 'missing' | 'unreadable' | 'duplicate' | 'no-score' | 'dropped';
  name: string;
  reason: string;
};

/** What a scan found, shown before anything is written. */
export type ScanReport = {
  /** Handle for datasets.import. */
  scan: string;
  format: DatasetFormat;
  name: string;
  /** Absolute folder, for display. */
  folder: string;
  /** An existing dataset that this import would update (same name or same folder), else null. */
  updates: { id: number; name: string; relinked: boolean } | null;
  /** Images that get a row (found + missing + unreadable). */
  images: number;
  found: number;
  missing: number;
  unreadable: number;
  duplicates: number;
  noScore: number;
  /** False where nobody rated the images: label is '', labels are empty, scale is a stand-in, nothing is observed. */
  rated: boolean;
  scale: Scale;
  observed: { min: number; max: number } | null;
  label: string;
  labels: string[];
  groups: { kind: string; count: number } | null;
  /** Official split -> number of images, where the dataset has one. */
  splits: Record<string, number>;
  synthetic: boolean;
  bytes: number;
  seconds: number;
  /** Hashing and header rate, and how far it goes; for the command line's last line. */
  megabytesPerSecond: number;
  /** Said in words: conventions applied, what was dropped, what to look at. */
  notes: string[];
  /** At most 200; counts above are exact. */
  problems: ReadProblem[];
};

/** A dataset in lists. */
export type DatasetSummary = {
  id: number;
  name: string;
  format: DatasetFormat;
  folder: string;
  images: number;
  missing: number;
  unreadable: number;
  duplicates: number;
  /** False where nobody rated the images: label is '' and scale a stand-in, which nothing shows. */
  rated: boolean;
  label: string;
  scale: Scale;
  groups: { kind: string; count: number } | null;
  synthetic: boolean;
  splits: Record<string, number>;
  createdAt: string;
  updatedAt: string;
};

/** A dataset with what the grid's filters need. */
export type DatasetDetail = DatasetSummary & {
  labels: string[];
  distortions: { type: string; name: string; images: number }[];
  levels: number[];
  notes: string[];
  observed: { min: number; max: number } | null;
  /** 24 equal bins over the declared scale. */
  histogram: { from: number; to: number; count: number }[];
};

export const imageSort = z.enum([
  'position',
  'name',
  'mos',
  'std',
  'distortion',
  'level',
  'group',
  'residual',
]);
export type ImageSort = z.infer<typeof imageSort>;

/** A page of the grid: filters are conjunctive, ranges inclusive. `run` is needed for the residual sort. */
export const imageQuery = z.strictObject({
  dataset: z.number().int(),
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(500).default(120),
  sort: imageSort.default('position'),
  descending: z.boolean().default(false),
  run: z.number().int().optional(),
  text: z.string().max(200).optional(),
  mos: z.tuple([z.number(), z.number()]).optional(),
  distortion: z.array(z.string()).optional(),
  level: z.array(z.number().int()).optional(),
  group: z.string().optional(),
  status: z.enum(['ok', 'missing', 'unreadable']).optional(),
});
export type ImageQuery = z.input<typeof imageQuery>;

/** One cell of the grid. */
export type GridItem = {
  id: number;
  name: string;
  status: ImageStatus;
  mos: number | null;
  std: number | null;
  distortion: string | null;
  level: number | null;
  group: string | null;
  /** prediction - MOS of the queried run. */
  residual: number | null;
};

/** One image with everything the catalog knows, for the Inspector. */
export type ImageDetail = {
  id: number;
  dataset: { id: number; name: string; scale: Scale; synthetic: boolean };
  name: string;
  file: string;
  status: ImageStatus;
  reason: string | null;
  width: number | null;
  height: number | null;
  bytes: number | null;
  sha256: string | null;
  group: string | null;
  reference: string | null;
  distortion: { type: string; name: string } | null;
  level: number | null;
  split: string | null;
  /** The dataset's own label, which is the MOS everywhere else, comes first. */
  labels: Label[];
  /** The label file's own columns. */
  original: Record<string, string>;
  predictions: {
    run: number;
    label: string;
    prediction: number;
    predictionStd: number | null;
    fold: number | null;
    gates: Record<string, number>;
  }[];
  /** Null until the stream was extracted. z against the dataset: (value - mean) / population std, 0 where std is 0. */
  nss: { version: string; source: string; features: { name: string; value: number; z: number }[] } | null;
};

/** What a reader makes of a folder: everything an import writes, before anything is written. */
import type { DatasetFormat, ImageStatus, Label, ReadProblem, Scale } from '../../src-shared/dataset.ts';

/** One image of a dataset in label-file order. */
export type DraftImage = {
  /** The image's name as the label file has it (without any folder the layout adds). Unique in the dataset. */
  name: string;
  /** Path relative to the dataset folder, with forward slashes. */
  file: string;
  status: ImageStatus;
  /** Why it is unreadable or missing. */
  reason: string | null;
  /** After EXIF orientation; null where the file is missing or unreadable. */
  width: number | null;
  height: number | null;
  bytes: number | null;
  mtimeMs: number | null;
  /** SHA-256 of the file's bytes, hex; null where the file is missing. */
  sha256: string | null;
  labels: Label[];
  group: string | null;
  reference: string | null;
  /** KADID type number "01".."25", or the name a CSV gives. */
  distortion: string | null;
  level: number | null;
  split: string | null;
  /** The label file's own columns, as text. */
  original: Record<string, string>;
};

/** A whole dataset, read but not stored. */
export type DatasetDraft = {
  format: DatasetFormat;
  name: string;
  /** Absolute path. */
  folder: string;
  /** The default label (one of `labels`), in label units of `scale`. */
  label: string;
  labels: string[];
  scale: Scale;
  /** "reference image", "prompt", or the group column's name; null where there are no groups. */
  groupKind: string | null;
  synthetic: boolean;
  images: DraftImage[];
  duplicates: number;
  noScore: number;
  notes: string[];
  problems: ReadProblem[];
  /** Bytes hashed and seconds spent on files, for the rate. */
  bytes: number;
  seconds: number;
};

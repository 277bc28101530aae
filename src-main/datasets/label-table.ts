/** What every reader turns its label file into, before any image file is looked at. */
import type { DatasetFormat, ImportOptions, Label, ReadProblem, Scale } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { CsvTable } from './csv.ts';
import type { FolderIndex } from './folder-index.ts';

/** One row of a label file. Labels without a finite score are left out; a row without any is "no score". */
export type LabelRow = {
  /** Where the row stands: the header is row 1; in a .mat file the first entry is row 1. */
  row: number;
  /** The image as the label file names it. */
  name: string;
  labels: Label[];
  group: string | null;
  reference: string | null;
  distortion: string | null;
  level: number | null;
  split: string | null;
  original: Record<string, string>;
  /** Where the image lies below the dataset folder, or should lie if `found` is false; the scan fills both in. */
  file: string;
  found: boolean;
};

/** A whole label file. */
export type LabelTable = {
  /** Absolute path of the file that errors name. */
  file: string;
  /** Suggested dataset name. */
  name: string;
  /** The label in use; `scale` is its declared scale. Without labels (UNRATED) every row is taken, unrated. */
  label: string;
  labels: string[];
  scale: Scale;
  groupKind: string | null;
  synthetic: boolean;
  rows: LabelRow[];
  notes: string[];
  /** Rows that the dataset's convention takes out. */
  dropped: ReadProblem[];
  /** Image folders of the layout, the preferred first; where none fits, the folder with most of the images is used. */
  imageFolders: string[];
  /** True where images of one dataset may lie in several folders. */
  mixesFolders: boolean;
};

/** Label, labels and scale of a table without opinion scores; the scale is a stand-in that nothing shows. */
export const UNRATED = { label: '', labels: [], scale: { min: 0, max: 1, better: 'higher' } } satisfies Pick<
  LabelTable,
  'label' | 'labels' | 'scale'
>;

/** A folder with its CSV files opened. */
export type LabelFolder = { index: FolderIndex; tables: CsvTable[] };

/** One dataset's reader. */
export type DatasetReader = {
  format: DatasetFormat;
  /** The dataset as people call it. */
  title: string;
  /** What it looks for, for messages. */
  labelFile: string;
  /** Whether the folder holds this dataset's labels. Reads nothing but what is open. */
  recognises(folder: LabelFolder): boolean;
  read(folder: LabelFolder, options: ImportOptions, signal?: AbortSignal): Promise<LabelTable>;
};

/** An empty row for a reader to fill. */
export function blankRow(row: number, name: string): LabelRow {
  return {
    row,
    name,
    labels: [],
    group: null,
    reference: null,
    distortion: null,
    level: null,
    split: null,
    original: {},
    file: '',
    found: false,
  };
}

/** The row's cells by column name, as text. */
export function originalCells(columns: string[], cells: string[]): Record<string, string> {
  const original: Record<string, string> = {};
  for (let i = 0; i < columns.length; i++) original[columns[i]!] = cells[i]!;
  return original;
}

/** Adds a label to a row if its score is a finite number. */
export function addLabel(
  row: LabelRow,
  label: { name: string; mos: number; std?: number | null; votes?: number | null },
): void {
  if (!Number.isFinite(label.mos)) return;
  row.labels.push({ name: label.name, mos: label.mos, std: label.std ?? null, votes: label.votes ?? null });
}

/** The label that `--label` asks for, else the first. Throws 'bad-input' that lists the labels. */
export function chooseLabel(labels: string[], wanted: string | undefined, file: string): string {
  if (wanted === undefined) return labels[0]!;
  const found = labels.find((label) => label.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  throw new StudioError('bad-input', `There is no label "${wanted}" in this file`, {
    file,
    hint: `Choose one of: ${labels.map((label) => `--label ${label}`).join(', ')}`,
  });
}

/** The position of each named column. Throws 'bad-input' that names a missing one. */
export function columnPositions<Name extends string>(
  table: CsvTable,
  names: readonly Name[],
): Record<Name, number> {
  const positions = {} as Record<Name, number>;
  for (const name of names) {
    const position = table.columns.indexOf(name);
    if (position < 0) {
      throw new StudioError(
        'bad-input',
        `The column "${name}" is missing; there are: ${table.columns.join(', ')}`,
        {
          file: table.file,
          hint: 'Take the label file of the release unchanged, or import it with --format csv.',
        },
      );
    }
    positions[name] = position;
  }
  return positions;
}

/** The first opened CSV with all of these columns (shallow files come first). */
export function tableWith(folder: LabelFolder, columns: readonly string[]): CsvTable | undefined {
  return folder.tables.find((table) => columns.every((column) => table.columns.includes(column)));
}

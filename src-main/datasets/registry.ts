/** All dataset readers, and the choice between them for a folder. */
import path from 'node:path';
import type { DatasetFormat, ImportOptions } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import { agiqaReader } from './agiqa.ts';
import { openCsv } from './csv.ts';
import type { CsvTable } from './csv.ts';
import { demoReader } from './demo.ts';
import { depthOf } from './folder-index.ts';
import type { FolderIndex } from './folder-index.ts';
import { kadidReader } from './kadid.ts';
import { koniqReader } from './koniq.ts';
import type { DatasetReader, LabelFolder } from './label-table.ts';
import { ladderReader } from './ladder.ts';
import { liveItwReader } from './live-itw.ts';
import { ratedCsvReader } from './rated-csv.ts';

/** Readers that know their dataset by its label file. */
const NATIVE_READERS: DatasetReader[] = [
  demoReader,
  ladderReader,
  koniqReader,
  kadidReader,
  liveItwReader,
  agiqaReader,
];
/** Every reader; the plain CSV is the last resort. */
export const READERS: DatasetReader[] = [...NATIVE_READERS, ratedCsvReader];

/** A label file lies in the folder itself or one folder down (Data, labels...). */
const MAX_LABEL_DEPTH = 1;
const MAX_LABEL_FILES = 50;

/**
 * Opens the folder's CSV files and picks the reader: `options.format`, else the one native reader that recognises
 * its labels, else the plain CSV. Throws 'not-found' (no labels), 'ambiguous' (labels of several datasets),
 * 'bad-input' (the only label file is broken).
 */
export async function chooseReader(
  index: FolderIndex,
  options: ImportOptions,
): Promise<{ reader: DatasetReader; folder: LabelFolder }> {
  const { tables, failures } = await openTables(index);
  const folder: LabelFolder = { index, tables };
  const recognised = NATIVE_READERS.filter((reader) => reader.recognises(folder));
  if (options.format !== undefined) {
    const reader = readerOf(options.format);
    if (reader.recognises(folder)) return { reader, folder };
    throw failures[0] ?? noLabels(index, reader);
  }
  if (recognised.length > 1) {
    throw new StudioError(
      'ambiguous',
      `Labels of ${recognised.map((r) => r.title).join(' and ')} lie in this folder`,
      {
        file: index.folder,
        hint: `Choose with ${recognised.map((r) => `--format ${r.format}`).join(' or ')}.`,
      },
    );
  }
  const reader = recognised[0] ?? (tables.length > 0 ? ratedCsvReader : undefined);
  if (reader !== undefined) return { reader, folder };
  throw failures[0] ?? noLabels(index);
}

/** The reader of a format. */
export function readerOf(format: DatasetFormat): DatasetReader {
  return READERS.find((reader) => reader.format === format)!;
}

async function openTables(index: FolderIndex): Promise<{ tables: CsvTable[]; failures: unknown[] }> {
  const files = index.files
    .filter((file) => /\.(csv|tsv)$/i.test(file) && depthOf(file) <= MAX_LABEL_DEPTH)
    .sort((a, b) => depthOf(a) - depthOf(b))
    .slice(0, MAX_LABEL_FILES);
  const tables: CsvTable[] = [];
  const failures: unknown[] = [];
  for (const file of files) {
    // A broken CSV matters only where no other one holds the labels.
    await openCsv(path.join(index.folder, file)).then(
      (table) => tables.push(table),
      (error: unknown) => failures.push(error),
    );
  }
  return { tables, failures };
}

function noLabels(index: FolderIndex, reader?: DatasetReader): StudioError {
  const pictures = index.files.filter((file) => PICTURE_EXTENSION.test(file)).length;
  const wanted = reader === undefined ? 'No label file' : `No label file of ${reader.title}`;
  const closed = index.closed.length > 0 ? ` (${index.closed.length} subfolders could not be opened)` : '';
  const known = reader === undefined ? READERS.map((r) => r.labelFile).join('; ') : reader.labelFile;
  return new StudioError('not-found', `${wanted} found; the folder holds ${pictures} pictures${closed}`, {
    file: index.folder,
    hint: `Put the label file into the folder. Recognised: ${known}.`,
  });
}

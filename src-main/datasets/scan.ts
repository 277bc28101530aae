/** Reads a rated image folder into a draft: labels, files, what is missing. Writes nothing. */
import type { DatasetFormat, ImportOptions, ReadProblem, Scale } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { DatasetDraft, DraftImage } from './draft.ts';
import { collapseDuplicates } from './duplicates.ts';
import { indexFolder } from './folder-index.ts';
import type { FolderIndex } from './folder-index.ts';
import type { LabelRow, LabelTable } from './label-table.ts';
import { locateImages, safeName } from './locate-images.ts';
import { readFiles } from './read-files.ts';
import type { FileFacts, KnownFiles, ScanControl } from './read-files.ts';
import { chooseReader } from './registry.ts';

/** Problems listed in a draft; counts are exact beyond it. */
export const MAX_PROBLEMS = 200;

/**
 * Scans a dataset folder. `known` (what the catalog has of this folder) spares unchanged files the reading. Throws a
 * StudioError with file and remedy: 'not-found', 'bad-input', 'no-permission', 'ambiguous' (the hint lists columns
 * or suggests a scale), 'conflict' (duplicate rows), 'cancelled'.
 */
export async function scanFolder(
  folder: string,
  options: ImportOptions,
  known: KnownFiles,
  control: ScanControl,
): Promise<DatasetDraft> {
  const index = await indexFolder(folder, control.signal);
  const { reader, folder: labelFolder } = await chooseReader(index, options);
  if (options.imageColumn !== undefined && reader.format !== 'csv') {
    throw new StudioError('bad-input', `The image column of ${reader.title} is known`, {
      file: index.folder,
      hint: 'Leave out --image-column, or add --format csv.',
    });
  }
  const table = await reader.read(labelFolder, options, control.signal);
  const scale = declaredScale(table, options);
  const grouped = applyGroupColumn(table, reader.format, options);

  const { scored, unscored } = splitByScore(table);
  const { inside, outside } = splitBySafety(scored, table);
  const imageFolder = locateImages(index, inside, table);
  const unique = collapseDuplicates(inside, options.duplicates, table.file);
  const started = performance.now();
  const { facts, hashedBytes } = await readFiles(index.folder, unique.rows, known, control);
  const seconds = (performance.now() - started) / 1000;

  const images = unique.rows.map((row, i) => draftImage(row, facts[i]!));
  return {
    format: reader.format,
    name: options.name ?? table.name,
    folder: index.folder,
    label: table.label,
    labels: table.labels,
    scale,
    groupKind: grouped,
    synthetic: table.synthetic,
    images,
    duplicates: unique.removed.length,
    noScore: unscored.length,
    notes: [...table.notes, ...notesOf(index, images, table, scale, imageFolder, unique)],
    // The rare kinds first: thousands of missing files must not push them out.
    problems: [
      ...table.dropped,
      ...outside,
      ...unique.removed,
      ...unscored,
      ...problemsOf(images, 'unreadable'),
      ...problemsOf(images, 'missing'),
    ].slice(0, MAX_PROBLEMS),
    bytes: hashedBytes,
    seconds,
  };
}

function declaredScale(table: LabelTable, options: ImportOptions): Scale {
  const [min, max] = options.scale ?? [table.scale.min, table.scale.max];
  if (!(min < max) || !Number.isFinite(min) || !Number.isFinite(max)) {
    throw new StudioError('bad-input', `A scale from ${min} to ${max} is none`, {
      file: table.file,
      hint: 'Give the lower end first, for example --scale 1,5. Which end is good is said by --better.',
    });
  }
  return { min, max, better: options.better ?? table.scale.better };
}

/** Sets the groups that `--group-column` asks for and returns what a group is. */
function applyGroupColumn(table: LabelTable, format: DatasetFormat, options: ImportOptions): string | null {
  const wanted = options.groupColumn;
  // The plain CSV reader has done it.
  if (wanted === undefined || format === 'csv') return table.groupKind;
  const columns = Object.keys(table.rows[0]?.original ?? {});
  const column = columns.find((name) => name.toLowerCase() === wanted.toLowerCase());
  if (column === undefined) {
    throw new StudioError('bad-input', `There is no column "${wanted}"`, {
      file: table.file,
      hint: `The columns are: ${columns.join(', ')}`,
    });
  }
  for (const row of table.rows) row.group = row.original[column] || null;
  return column;
}

function splitByScore(table: LabelTable): { scored: LabelRow[]; unscored: ReadProblem[] } {
  if (table.labels.length === 0) return { scored: table.rows, unscored: [] };
  const scored: LabelRow[] = [];
  const unscored: ReadProblem[] = [];
  for (const row of table.rows) {
    if (row.labels.some(({ name }) => name === table.label)) scored.push(row);
    else
      unscored.push({ kind: 'no-score', name: row.name, reason: `row ${row.row}: no finite ${table.label}` });
  }
  if (scored.length > 0) return { scored, unscored };
  throw new StudioError(
    'bad-input',
    `No row has a finite score in "${table.label}" (${unscored.length} rows)`,
    {
      file: table.file,
      hint: 'Choose another column with --label COLUMN, or correct the file.',
    },
  );
}

function splitBySafety(rows: LabelRow[], table: LabelTable): { inside: LabelRow[]; outside: ReadProblem[] } {
  const inside: LabelRow[] = [];
  const outside: ReadProblem[] = [];
  for (const row of rows) {
    if (safeName(row.name) !== null) inside.push(row);
    else
      outside.push({
        kind: 'dropped',
        name: row.name,
        reason: `row ${row.row}: not a path inside the folder`,
      });
  }
  if (inside.length > 0) return { inside, outside };
  const { row, name } = rows[0]!;
  throw new StudioError('bad-input', `No image name is a path inside the folder (row ${row}: "${name}")`, {
    file: table.file,
    hint: 'Use names relative to the dataset folder, or choose the column of names with --image-column.',
  });
}

function draftImage(row: LabelRow, facts: FileFacts): DraftImage {
  return {
    name: row.name,
    file: row.file,
    ...facts,
    labels: row.labels,
    group: row.group,
    reference: row.reference,
    distortion: row.distortion,
    level: row.level,
    split: row.split,
    original: row.original,
  };
}

function problemsOf(images: DraftImage[], status: 'missing' | 'unreadable'): ReadProblem[] {
  return images
    .filter((image) => image.status === status)
    .slice(0, MAX_PROBLEMS)
    .map((image) => ({ kind: status, name: image.name, reason: image.reason ?? status }));
}

function notesOf(
  index: FolderIndex,
  images: DraftImage[],
  table: LabelTable,
  scale: Scale,
  imageFolder: string,
  { removed, conflicts }: { removed: ReadProblem[]; conflicts: number },
): string[] {
  const notes: string[] = [];
  const outOfScale = images.filter(({ labels }) =>
    labels.some(({ name, mos }) => name === table.label && (mos < scale.min || mos > scale.max)),
  ).length;
  if (images.some(({ status }) => status !== 'missing'))
    notes.push(`Images are taken from ${imageFolder || 'the folder itself'}.`);
  else notes.push(`None of the images was found; expected under ${imageFolder || 'the folder itself'}.`);
  if (removed.length > 0) notes.push(`${removed.length} rows repeat an image and were collapsed.`);
  if (conflicts > 0) notes.push(`Rows of ${conflicts} images disagreed; the rule given was applied.`);
  if (outOfScale > 0)
    notes.push(`${outOfScale} scores lie outside the declared scale ${scale.min} to ${scale.max}.`);
  for (const { folder, reason } of index.closed) notes.push(`Subfolder ${folder}: ${reason}.`);
  return notes;
}

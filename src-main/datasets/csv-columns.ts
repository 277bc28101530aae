/** Which column of a plain CSV is which: told by the options, else by a usual name, else asked for. */
import type { ImportOptions } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { PICTURE_EXTENSION } from '../images/picture-format.ts';
import type { CsvTable } from './csv.ts';

/** Column positions; -1 where there is none. */
export type CsvColumns = {
  image: number;
  score: number;
  std: number;
  votes: number;
  split: number;
  group: number;
  reference: number;
  distortion: number;
  level: number;
};

// Compared without case, spaces and signs: "Image name" and "image_name" are one.
const IMAGE_NAMES = words(
  'image imagename imagefile imagepath img imgname imgpath name file filename filepath path picture stimulus distimg distortedimage',
);
const SCORE_NAMES = words(
  'mos dmos mosscore score qualityscore meanscore meanopinionscore subjectivescore quality rating',
);
const STD_NAMES = words('std sd stddev stdev stdmos mosstd scorestd stdscore standarddeviation');
const VOTES_NAMES = words('votes numvotes nvotes votescount numratings nratings ratings ctotal n');
const SPLIT_NAMES = words('split set subset partition officialsplit');
const GROUP_NAMES = words('group');
const REFERENCE_NAMES = words('reference referenceimage ref refimg refimage refname');
const DISTORTION_NAMES = words('distortion distortiontype distortionname disttype');
const LEVEL_NAMES = words('level distortionlevel distlevel severity');

/** Finds the columns. Throws 'ambiguous' (image or score not obvious; lists the columns) or 'bad-input' (a named one is not there). */
export function findColumns(table: CsvTable, options: ImportOptions): CsvColumns {
  const image =
    options.imageColumn === undefined ? guessImage(table) : namedColumn(table, options.imageColumn);
  const score = options.label === undefined ? guessScore(table) : namedColumn(table, options.label);
  const usual = (names: Set<string>): number => table.columns.findIndex((column) => names.has(plain(column)));
  const ownStd = plain(table.columns[score]!).replace(/^mos/, 'std');
  const stdOfScore = table.columns.findIndex((column, i) => i !== score && plain(column) === ownStd);
  return {
    image,
    score,
    std: stdOfScore >= 0 ? stdOfScore : usual(STD_NAMES),
    votes: usual(VOTES_NAMES),
    split: usual(SPLIT_NAMES),
    group: options.groupColumn === undefined ? usual(GROUP_NAMES) : namedColumn(table, options.groupColumn),
    reference: usual(REFERENCE_NAMES),
    distortion: usual(DISTORTION_NAMES),
    level: usual(LEVEL_NAMES),
  };
}

/** Whether the table has a column of image names, by name or by content. */
export function hasImageColumn(table: CsvTable): boolean {
  return table.columns.some((column, i) => IMAGE_NAMES.has(plain(column)) || holdsImageNames(table, i));
}

/** Position of a column that a person named, letter case ignored. Throws 'bad-input' that lists the columns. */
export function namedColumn(table: CsvTable, name: string): number {
  const exact = table.columns.indexOf(name);
  if (exact >= 0) return exact;
  const found = table.columns.findIndex((column) => column.toLowerCase() === name.trim().toLowerCase());
  if (found >= 0) return found;
  throw new StudioError('bad-input', `There is no column "${name}"`, {
    file: table.file,
    hint: `The columns are: ${table.columns.join(', ')}`,
  });
}

function guessImage(table: CsvTable): number {
  if (table.columns.some((column) => PICTURE_EXTENSION.test(column))) {
    throw new StudioError('ambiguous', 'The label file has no header line: its first row names an image', {
      file: table.file,
      hint: 'Add a first line with the column names, for example: image,mos',
    });
  }
  const positions = table.columns.map((_, i) => i);
  const named = positions.filter((i) => IMAGE_NAMES.has(plain(table.columns[i]!)));
  const byContent = positions.filter((i) => holdsImageNames(table, i));
  const both = named.filter((i) => byContent.includes(i));
  for (const candidates of [both, named, byContent]) {
    if (candidates.length === 1) return candidates[0]!;
  }
  throw notObvious(table, 'image names', '--image-column');
}

function guessScore(table: CsvTable): number {
  const candidates = table.columns.map((_, i) => i).filter((i) => SCORE_NAMES.has(plain(table.columns[i]!)));
  if (candidates.length === 1) return candidates[0]!;
  throw notObvious(table, 'scores', '--label');
}

function notObvious(table: CsvTable, what: string, option: string): StudioError {
  return new StudioError('ambiguous', `It is not obvious which column holds the ${what}`, {
    file: table.file,
    hint: `Say it with ${option} COLUMN. The columns are: ${table.columns.join(', ')}`,
  });
}

/** At least nine of ten sample cells end like an image file. */
function holdsImageNames(table: CsvTable, position: number): boolean {
  const cells = table.sample.map((row) => row[position] ?? '').filter((cell) => cell !== '');
  return (
    cells.length > 0 && cells.filter((cell) => PICTURE_EXTENSION.test(cell)).length >= cells.length * 0.9
  );
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function words(text: string): Set<string> {
  return new Set(text.split(' '));
}

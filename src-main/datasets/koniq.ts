/**
 * KonIQ-10k (Hosu, Lin, Sziranyi & Saupe, IEEE TIP 2020): 10,073 photographs, either of the two release files.
 * koniq10k_scores_and_distributions.csv has MOS (1-5) and MOS_zscore (0-100); koniq10k_distributions_sets.csv has
 * the official split and calls the 0-100 score MOS. The studio calls the 0-100 score MOS_zscore in both cases.
 */
import type { CsvTable } from './csv.ts';
import { parseNumber, parseOptional, readCsvRows } from './csv.ts';
import { addLabel, blankRow, chooseLabel, columnPositions, originalCells, tableWith } from './label-table.ts';
import type { DatasetReader, LabelFolder, LabelRow, LabelTable } from './label-table.ts';

const SCORE_COLUMNS = ['image_name', 'c_total', 'MOS', 'SD', 'MOS_zscore'] as const;
const SET_COLUMNS = ['image_name', 'c_total', 'MOS', 'SD', 'set'] as const;

/** Reader of KonIQ-10k. Labels: MOS_zscore (default, 0-100) and, from the scores file, MOS (1-5). */
export const koniqReader: DatasetReader = {
  format: 'koniq-10k',
  title: 'KonIQ-10k',
  labelFile: 'koniq10k_scores_and_distributions.csv or koniq10k_distributions_sets.csv',
  recognises: (folder) => scoresOf(folder) !== undefined || setsOf(folder) !== undefined,
  async read(folder, options, signal): Promise<LabelTable> {
    const scores = scoresOf(folder);
    const sets = setsOf(folder);
    const file = (scores ?? sets)!.file;
    const labels = scores === undefined ? ['MOS_zscore'] : ['MOS_zscore', 'MOS'];
    const label = chooseLabel(labels, options.label, file);
    const splits = sets === undefined ? new Map<string, string>() : await readSplits(sets, signal);
    const rows = scores === undefined ? await readSets(sets!, signal) : await readScores(scores, signal);
    for (const row of rows) row.split = splits.get(row.name) ?? null;
    return {
      file,
      name: 'koniq-10k',
      label,
      labels,
      scale: label === 'MOS' ? { min: 1, max: 5, better: 'higher' } : { min: 0, max: 100, better: 'higher' },
      groupKind: null,
      synthetic: false,
      rows,
      notes: notesOf(scores, sets),
      dropped: [],
      imageFolders: ['1024x768', '512x384', 'images', ''],
      mixesFolders: false,
    };
  },
};

function scoresOf(folder: LabelFolder): CsvTable | undefined {
  return tableWith(folder, SCORE_COLUMNS);
}

function setsOf(folder: LabelFolder): CsvTable | undefined {
  return tableWith(folder, SET_COLUMNS);
}

async function readScores(table: CsvTable, signal?: AbortSignal): Promise<LabelRow[]> {
  const at = columnPositions(table, SCORE_COLUMNS);
  const rows: LabelRow[] = [];
  await readCsvRows(
    table,
    (cells, number) => {
      const row = blankRow(number, cells[at.image_name]!);
      const votes = parseOptional(cells[at.c_total]);
      // SD is the spread of the 1-5 ratings, so it belongs to MOS alone.
      addLabel(row, { name: 'MOS_zscore', mos: parseNumber(cells[at.MOS_zscore]!), votes });
      addLabel(row, {
        name: 'MOS',
        mos: parseNumber(cells[at.MOS]!),
        std: parseOptional(cells[at.SD]),
        votes,
      });
      row.original = originalCells(table.columns, cells);
      rows.push(row);
    },
    signal,
  );
  return rows;
}

async function readSets(table: CsvTable, signal?: AbortSignal): Promise<LabelRow[]> {
  const at = columnPositions(table, SET_COLUMNS);
  const rows: LabelRow[] = [];
  await readCsvRows(
    table,
    (cells, number) => {
      const row = blankRow(number, cells[at.image_name]!);
      const votes = parseOptional(cells[at.c_total]);
      addLabel(row, { name: 'MOS_zscore', mos: parseNumber(cells[at.MOS]!), votes });
      row.original = originalCells(table.columns, cells);
      rows.push(row);
    },
    signal,
  );
  return rows;
}

async function readSplits(table: CsvTable, signal?: AbortSignal): Promise<Map<string, string>> {
  const at = columnPositions(table, SET_COLUMNS);
  const splits = new Map<string, string>();
  await readCsvRows(
    table,
    (cells) => {
      if (cells[at.set] !== '') splits.set(cells[at.image_name]!, cells[at.set]!);
    },
    signal,
  );
  return splits;
}

function notesOf(scores: CsvTable | undefined, sets: CsvTable | undefined): string[] {
  const spread =
    'The published SD is the spread of the 1-5 ratings, so MOS_zscore has no standard deviation.';
  if (scores === undefined) {
    return [`The column MOS of the sets file is the 0-100 score and is called MOS_zscore here. ${spread}`];
  }
  const split =
    sets === undefined ? 'No official split: koniq10k_distributions_sets.csv is not there.' : null;
  return [
    `MOS_zscore (0-100) is the default label; MOS (1-5) is kept beside it. ${spread}`,
    ...(split ? [split] : []),
  ];
}

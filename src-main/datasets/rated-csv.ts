/** Any CSV with an image column and a score column, pyiqa's meta CSV (`name, mos, std, split`) among them. */
import path from 'node:path';
import type { ImportOptions, Scale } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { findColumns, hasImageColumn } from './csv-columns.ts';
import { parseNumber, parseOptional, readCsvRows } from './csv.ts';
import type { CsvTable } from './csv.ts';
import { addLabel, blankRow, originalCells } from './label-table.ts';
import type { DatasetReader, LabelFolder, LabelRow, LabelTable } from './label-table.ts';

/**
 * Reader of plain CSVs. The scale and its good end must be given: without them it throws 'ambiguous' whose hint
 * ends in a usable suggestion from the observed range, for example `--scale 1.2,4.8 --better higher`.
 */
export const ratedCsvReader: DatasetReader = {
  format: 'csv',
  title: 'a CSV with image and score columns',
  labelFile: 'any .csv or .tsv with a column of image names and one of scores',
  recognises: (folder) => folder.tables.length > 0,
  async read(folder, options, signal): Promise<LabelTable> {
    const table = chooseTable(folder);
    const at = findColumns(table, options);
    const label = table.columns[at.score]!;
    const rows: LabelRow[] = [];
    await readCsvRows(
      table,
      (cells, number) => {
        const text = (position: number): string | null => cells[position] || null;
        const row = blankRow(number, cells[at.image]!);
        row.group = text(at.group);
        row.reference = text(at.reference);
        row.distortion = text(at.distortion);
        row.split = text(at.split);
        const level = parseOptional(cells[at.level]);
        row.level = Number.isInteger(level) ? level : null;
        const std = parseOptional(cells[at.std]);
        addLabel(row, {
          name: label,
          mos: parseNumber(cells[at.score]!),
          std,
          votes: parseOptional(cells[at.votes]),
        });
        row.original = originalCells(table.columns, cells);
        rows.push(row);
      },
      signal,
    );
    const used = Object.entries(at).filter(([, position]) => position >= 0);
    const groupColumn = table.columns[at.group];
    return {
      file: table.file,
      name: path.basename(folder.index.folder) || 'dataset',
      label,
      labels: [label],
      scale: scaleOf(rows, table, label, options),
      groupKind: groupColumn ?? null,
      synthetic: false,
      rows,
      notes: [
        `Columns read: ${used.map(([role, position]) => `${role} = ${table.columns[position]}`).join(', ')}.`,
        ...(groupColumn === undefined && at.reference >= 0
          ? [
              `Images of one reference may leak between folds: consider ${table.columns[at.reference]} as the group column.`,
            ]
          : []),
      ],
      dropped: [],
      imageFolders: ['', 'images'],
      mixesFolders: true,
    };
  },
};

function chooseTable(folder: LabelFolder): CsvTable {
  const candidates = folder.tables.length === 1 ? folder.tables : folder.tables.filter(hasImageColumn);
  if (candidates.length === 1) return candidates[0]!;
  const names = (candidates.length > 0 ? candidates : folder.tables).map((table) =>
    path.basename(table.file),
  );
  throw new StudioError('ambiguous', `It is not obvious which CSV holds the labels: ${names.join(', ')}`, {
    file: folder.index.folder,
    hint: 'Leave only the label file in the folder, next to the images or one folder down.',
  });
}

function scaleOf(rows: LabelRow[], table: CsvTable, label: string, options: ImportOptions): Scale {
  if (options.scale !== undefined && options.better !== undefined) {
    return { min: options.scale[0], max: options.scale[1], better: options.better };
  }
  const range = observedRange(rows);
  if (range === null) {
    throw new StudioError('bad-input', `The column "${label}" holds no number`, {
      file: table.file,
      hint: `Choose another with --label COLUMN. The columns are: ${table.columns.join(', ')}`,
    });
  }
  const [min, max] = options.scale ?? range;
  const better = options.better ?? (/^dmos/i.test(label) ? 'lower' : 'higher');
  const missing = [
    ...(options.scale ? [] : ['its scale']),
    ...(options.better ? [] : ['which end is better']),
  ];
  throw new StudioError('ambiguous', `The label "${label}" needs ${missing.join(' and ')}`, {
    file: table.file,
    hint: `Observed are ${range[0]} to ${range[1]}. For example: --scale ${min},${max} --better ${better}`,
  });
}

function observedRange(rows: LabelRow[]): [number, number] | null {
  let min = Infinity;
  let max = -Infinity;
  for (const { labels } of rows) {
    for (const { mos } of labels) {
      min = Math.min(min, mos);
      max = Math.max(max, mos);
    }
  }
  return min <= max ? [min, max] : null;
}

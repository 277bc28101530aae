/** A ladder that `studio ladder` wrote (src-main/distortions/ladder-dataset.ts): dataset.json and labels.csv, no scores. */
import path from 'node:path';
import { z } from 'zod';
import { parseOptional, readCsvRows } from './csv.ts';
import { CARD_FILE, readCard } from './dataset-card.ts';
import { blankRow, columnPositions, originalCells, tableWith, UNRATED } from './label-table.ts';
import type { DatasetReader, LabelFolder, LabelRow, LabelTable } from './label-table.ts';

const COLUMNS = ['image', 'reference', 'distortion', 'level'] as const;

/** What dataset.json must say; the rest tells how the pictures came about. */
const ladderCard = z.looseObject({
  format: z.literal('biqa-ladder'),
  name: z.string().trim().min(1).max(120),
});

/** Reader of ladders. No label; group: the pristine picture, which is level 0. */
export const ladderReader: DatasetReader = {
  format: 'biqa-ladder',
  title: 'a distortion ladder of this studio',
  labelFile: 'dataset.json with a labels.csv without scores',
  recognises: (folder) => folder.index.files.includes(CARD_FILE) && ladderTable(folder) !== undefined,
  async read(folder, _options, signal): Promise<LabelTable> {
    const card = await readCard(path.join(folder.index.folder, CARD_FILE), ladderCard, {
      what: 'a ladder',
      remake: 'Make the ladder again: studio ladder FOLDER.',
    });
    const table = ladderTable(folder)!;
    const at = columnPositions(table, COLUMNS);
    const rows: LabelRow[] = [];
    await readCsvRows(
      table,
      (cells, number) => {
        const row = blankRow(number, cells[at.image]!);
        row.reference = cells[at.reference] || null;
        row.group = row.reference;
        row.distortion = cells[at.distortion] || null;
        row.level = parseOptional(cells[at.level]);
        row.original = originalCells(table.columns, cells);
        rows.push(row);
      },
      signal,
    );
    return {
      ...UNRATED,
      file: table.file,
      name: card.name,
      groupKind: 'reference image',
      synthetic: false,
      rows,
      notes: [
        'No scores: nobody rated these pictures. They cannot be trained on, but a run can score them (studio ladder check).',
      ],
      dropped: [],
      imageFolders: [''],
      mixesFolders: false,
    };
  },
};

/** A labels.csv with these columns and no score column: one with scores is the demo's. */
function ladderTable(folder: LabelFolder) {
  const table = tableWith(folder, COLUMNS);
  return table?.columns.includes('mos') === true ? undefined : table;
}

/** AGIQA-3K (Li et al., IEEE TCSVT 2023): generated images with two scores, quality and alignment with the prompt. */
import { parseNumber, parseOptional, readCsvRows } from './csv.ts';
import { addLabel, blankRow, chooseLabel, columnPositions, originalCells, tableWith } from './label-table.ts';
import type { DatasetReader, LabelRow, LabelTable } from './label-table.ts';

const COLUMNS = ['name', 'prompt', 'mos_quality', 'std_quality', 'mos_align', 'std_align'] as const;
const LABELS = ['mos_quality', 'mos_align'];

/** Reader of AGIQA-3K. Labels: mos_quality (default) and mos_align, both 0-5; group: the prompt. */
export const agiqaReader: DatasetReader = {
  format: 'agiqa-3k',
  title: 'AGIQA-3K',
  labelFile: 'data.csv',
  recognises: (folder) => tableWith(folder, COLUMNS) !== undefined,
  async read(folder, options, signal): Promise<LabelTable> {
    const table = tableWith(folder, COLUMNS)!;
    const label = chooseLabel(LABELS, options.label, table.file);
    const at = columnPositions(table, COLUMNS);
    const rows: LabelRow[] = [];
    await readCsvRows(
      table,
      (cells, number) => {
        const row = blankRow(number, cells[at.name]!);
        row.group = cells[at.prompt] || null;
        for (const [mos, std] of [
          ['mos_quality', 'std_quality'],
          ['mos_align', 'std_align'],
        ] as const) {
          addLabel(row, { name: mos, mos: parseNumber(cells[at[mos]]!), std: parseOptional(cells[at[std]]) });
        }
        row.original = originalCells(table.columns, cells);
        rows.push(row);
      },
      signal,
    );
    return {
      file: table.file,
      name: 'agiqa-3k',
      label,
      labels: LABELS,
      scale: { min: 0, max: 5, better: 'higher' },
      groupKind: 'prompt',
      synthetic: false,
      rows,
      notes: ['Images of one prompt form a group. A score of 0 is a valid score.'],
      dropped: [],
      imageFolders: ['images', ''],
      mixesFolders: false,
    };
  },
};

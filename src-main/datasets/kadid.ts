/**
 * KADID-10k (Lin, Hosu & Saupe, QoMEX 2019): 81 references x 25 distortion types x 5 levels. The column `dmos` is
 * higher-is-better in spite of its name; `var` holds standard deviations (30 ratings of 1-5: a mean of 4.93 is two
 * fours, whose deviation is the .249 that the file has, and whose variance would be .062).
 */
import { parseKadidName } from '../../src-shared/distortions.ts';
import { parseNumber, parseOptional, readCsvRows } from './csv.ts';
import { addLabel, blankRow, chooseLabel, columnPositions, originalCells, tableWith } from './label-table.ts';
import type { DatasetReader, LabelRow, LabelTable } from './label-table.ts';

const COLUMNS = ['dist_img', 'ref_img', 'dmos', 'var'] as const;

/** Reader of KADID-10k. Label: dmos (1-5); group: the reference image; type and level from the file name. */
export const kadidReader: DatasetReader = {
  format: 'kadid-10k',
  title: 'KADID-10k',
  labelFile: 'dmos.csv',
  recognises: (folder) => tableWith(folder, COLUMNS) !== undefined,
  async read(folder, options, signal): Promise<LabelTable> {
    const table = tableWith(folder, COLUMNS)!;
    const label = chooseLabel(['dmos'], options.label, table.file);
    const at = columnPositions(table, COLUMNS);
    const rows: LabelRow[] = [];
    let unnamed = 0;
    await readCsvRows(
      table,
      (cells, number) => {
        const row = blankRow(number, cells[at.dist_img]!);
        const name = parseKadidName(row.name);
        if (name === null) unnamed++;
        row.reference = cells[at.ref_img]!.replace(/\.\w+$/, '') || null;
        row.group = row.reference;
        row.distortion = name?.type ?? null;
        row.level = name?.level ?? null;
        addLabel(row, { name: 'dmos', mos: parseNumber(cells[at.dmos]!), std: parseOptional(cells[at.var]) });
        row.original = originalCells(table.columns, cells);
        rows.push(row);
      },
      signal,
    );
    const notes = [
      'dmos is higher-is-better in spite of its name; the column var holds standard deviations.',
    ];
    if (unnamed > 0)
      notes.push(`${unnamed} names are not of the form I01_07_03.png: no distortion type or level there.`);
    return {
      file: table.file,
      name: 'kadid-10k',
      label,
      labels: ['dmos'],
      scale: { min: 1, max: 5, better: 'higher' },
      groupKind: 'reference image',
      synthetic: false,
      rows,
      notes,
      dropped: [],
      imageFolders: ['images', ''],
      mixesFolders: false,
    };
  },
};

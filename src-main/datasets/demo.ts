/** The studio's own synthetic demo dataset (src-main/distortions writes it): dataset.json and labels.csv. */
import path from 'node:path';
import { z } from 'zod';
import { better } from '../../src-shared/dataset.ts';
import { parseNumber, parseOptional, readCsvRows } from './csv.ts';
import { CARD_FILE, readCard } from './dataset-card.ts';
import { addLabel, blankRow, chooseLabel, columnPositions, originalCells, tableWith } from './label-table.ts';
import type { DatasetReader, LabelRow, LabelTable } from './label-table.ts';

const COLUMNS = ['image', 'reference', 'distortion', 'level', 'mos', 'std', 'votes'] as const;

/** What dataset.json must say; other fields (seed, generator version...) are free. */
export const demoCard = z.looseObject({
  format: z.literal('biqa-demo'),
  synthetic: z.literal(true),
  name: z.string().trim().min(1).max(120).default('demo'),
  scale: z.tuple([z.number(), z.number()]),
  better,
});

/** Reader of the demo dataset. Label: mos; group: the pristine scene. */
export const demoReader: DatasetReader = {
  format: 'biqa-demo',
  title: 'the synthetic demo',
  labelFile: 'dataset.json with labels.csv',
  recognises: (folder) => folder.index.files.includes(CARD_FILE) && tableWith(folder, COLUMNS) !== undefined,
  async read(folder, options, signal): Promise<LabelTable> {
    const card = await readCard(path.join(folder.index.folder, CARD_FILE), demoCard, {
      what: 'a demo dataset',
      remake: 'Generate the demo again: studio demo.',
    });
    const table = tableWith(folder, COLUMNS)!;
    const label = chooseLabel(['mos'], options.label, table.file);
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
        addLabel(row, {
          name: 'mos',
          mos: parseNumber(cells[at.mos]!),
          std: parseOptional(cells[at.std]),
          votes: parseOptional(cells[at.votes]),
        });
        row.original = originalCells(table.columns, cells);
        rows.push(row);
      },
      signal,
    );
    return {
      file: table.file,
      name: card.name,
      label,
      labels: ['mos'],
      scale: { min: card.scale[0], max: card.scale[1], better: card.better },
      groupKind: 'reference image',
      synthetic: true,
      rows,
      notes: ['Synthetic: generated scenes with computed scores, no human rated them.'],
      dropped: [],
      imageFolders: ['images', ''],
      mixesFolders: false,
    };
  },
};

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPublished } from '../../src-main/api/published.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { parsePublished, type PublishedTable, type PublishedValue } from '../../src-shared/published.ts';

const PAPERS = path.resolve(import.meta.dirname, '../../../shared/papers');
const PAPERS_HERE = existsSync(PAPERS);
if (!PAPERS_HERE) console.log('published.test: the papers are not here; the figures are not compared');

const paper = (id: string) => loadPublished().find((p) => p.id === id)!;
const table = (id: string, of: string): PublishedTable => paper(of).tables.find((t) => t.id === id)!;

describe('published results', () => {
  it('cover tables 2 to 6 and figures 2, 3, 5 of the fusion paper, and every table of DR.Experts', () => {
    expect(paper('distortion-aware-fusion').tables.map((t) => t.id)).toEqual(
      ['table-2', 'table-3', 'table-4', 'table-5', 'table-6'].concat(['figure-2', 'figure-3', 'figure-5']),
    );
    expect(paper('dr-experts').tables.map((t) => t.id)).toEqual(
      ['table-1', 'table-2', 'table-3-20', 'table-3-40', 'table-3-60'].concat(['table-4', 'table-5']),
    );
  });

  it('hold correlations within -1 and 1 and name a protocol for every figure', () => {
    for (const { tables } of loadPublished())
      for (const { columns, rows } of tables)
        columns.forEach((column, c) => {
          expect(column.protocol).not.toBe('');
          for (const row of rows)
            for (const value of numbersOf(row.values[c]!))
              if (/srocc|plcc|krocc|rho|-p$/.test(column.metric)) expect(Math.abs(value)).toBeLessThan(1);
        });
  });

  it('has the figures that the abstract and the conclusion name', () => {
    const own = (id: string) =>
      table(id, 'distortion-aware-fusion').rows.find((row) => row.own === true)!.values;
    expect(own('table-2')).toEqual([0.914, 0.928, 0.972, 0.973, 0.853, 0.88]);
    expect(own('table-6')[0]).toBe(0.46);
    const nss = table('figure-5', 'distortion-aware-fusion').rows.find(
      (row) => row.method === 'gate by NSS',
    )!;
    expect(nss.values).toEqual([0.097, 0.642]);
  });

  it('refuses a file with a missing value or an unknown field, naming where', () => {
    const whole = structuredClone(paper('dr-experts'));
    whole.tables[0]!.rows[0]!.values.pop();
    expect(() => parsePublished(whole, 'x.json')).toThrowError(/x\.json: "tables\.0": one value per column/);
    expect(() => parsePublished({ ...whole, extra: 1 }, 'x.json')).toThrowError(StudioError);
  });
});

/** Numbers of a value in the order in which the paper prints them. */
function numbersOf(value: PublishedValue): number[] {
  if (value === null) return [];
  if (typeof value === 'number') return [value];
  return Array.isArray(value) ? value : [value.about];
}

/** Where a table is in the text of its paper: a line before it, and how its own method is called there. */
const PLACES: [paper: string, table: string, after: string][] = [
  ['distortion-aware-fusion', 'table-2', 'Table 2:'],
  ['distortion-aware-fusion', 'table-3', 'Table 3:'],
  ['distortion-aware-fusion', 'table-4', 'Table 4:'],
  ['distortion-aware-fusion', 'table-5', 'Table 5:'],
  ['distortion-aware-fusion', 'table-6', 'Table 6:'],
  ['dr-experts', 'table-1', '| Methods | SRCC | PLCC | SRCC | PLCC | SRCC |'],
  ['dr-experts', 'table-2', '| TRAINING |'],
  ['dr-experts', 'table-3-20', '| 20 |'],
  ['dr-experts', 'table-3-40', '| 40 |'],
  ['dr-experts', 'table-3-60', '| 60 |'],
  ['dr-experts', 'table-4', 'As shown in Table 4'],
  ['dr-experts', 'table-5', '| Methods | SRCC | PLCC | SRCC | PLCC |\n| Only Dis'],
];

describe.skipIf(!PAPERS_HERE)('published results against the text of the papers', () => {
  it.each(PLACES)('%s %s: every row, in order', (id, tableId, after) => {
    const text = readFileSync(path.join(PAPERS, `${id}.md`), 'utf8');
    const from =
      tableId === 'table-5' && id === 'dr-experts' ? text.indexOf('| Only Dis') : text.indexOf(after);
    expect(from).toBeGreaterThan(0);
    const lines = text.slice(from).split('\n');
    let at = 0;
    for (const row of table(tableId, id).rows) {
      const expected = row.values.flatMap(numbersOf);
      const name =
        row.own === true ? /Ours|DR\.Experts/ : new RegExp(row.method.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      at = lines.findIndex(
        (line, i) => i >= at && name.test(line) && printed(line).length === expected.length,
      );
      expect(at, row.method).toBeGreaterThanOrEqual(0);
      expect(printed(lines[at]!), row.method).toEqual(expected);
      at++;
    }
  });
});

/** The numbers of a printed row behind its method: cells are parted by tabs or bars. */
function printed(line: string): number[] {
  const cells = line.replace(/<[^>]+>|\$\\pm\$|†|‡/g, ' ').split(/[|\t]/);
  const first = cells.findIndex((cell) => /[A-Za-z]/.test(cell));
  return cells
    .slice(first + 1)
    .flatMap((cell) => cell.replace(/(\d),(\d{3})/g, '$1$2').match(/(?<![\w[])\d*\.?\d+/g) ?? [])
    .map(Number);
}

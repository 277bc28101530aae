import { describe, expect, it } from 'vitest';
import { experimentTable } from '../../src-shared/experiment-table.ts';
import type { Run } from '../../src-shared/runs.ts';
import { formatTable } from '../../src-shared/table.ts';
import { makeRun } from '../fixtures/mock-runs.ts';

/** A finished run with this SROCC, RMSE and label. */
function runWith(label: string, srocc: number, rmse: number): Run {
  const run = makeRun(1, 'image', 'done');
  const metrics = run.metrics!;
  return {
    ...run,
    label,
    metrics: {
      ...metrics,
      overall: { ...metrics.overall, srocc, rmse },
      ci95: { srocc: [srocc - 0.01, srocc + 0.01] },
      mean: { srocc: srocc - 0.001, plcc: 0.9, krocc: 0.7, rmse },
      std: { srocc: 0.0042, plcc: 0.001, krocc: 0.002, rmse: 0.01 },
    },
  };
}
const RUNS = [
  runWith('NSS_only & 50%', 0.5684, 0.9),
  runWith('all', 0.9142, 0.4),
  runWith('vision', 0.9101, 0.5),
];

describe('an experiment’s table', () => {
  it('has one number per column for programs', () => {
    const table = experimentTable('ablation', RUNS, 'data');
    const [head, first] = formatTable(table, 'csv')
      .split('\n')
      .map((line) => line.split(','));
    expect(head!.slice(0, 7)).toEqual([
      'run',
      'SROCC',
      'SROCC lo',
      'SROCC hi',
      'SROCC mean',
      'SROCC std',
      'PLCC',
    ]);
    expect(first![1]).toBe('0.5684');
    expect(Number(first![2])).toBeCloseTo(0.5584, 12);
    expect(first!.at(-2)).toBe('203265');
    expect(Number(first!.at(-1))).toBeCloseTo(38.9, 10);
  });

  it('is a booktabs table with the best bold, the second underlined and everything escaped', () => {
    const lines = formatTable(experimentTable('Table 3', RUNS, 'print'), 'latex').split('\n');
    expect(lines[0]).toBe('% needs \\usepackage{booktabs}');
    expect(lines[1]).toContain('Table 3 · biqa-demo (synthetic) · 5-fold cv by image');
    expect(lines[4]).toMatch(/^run & SROCC \[95 \\%\] & SROCC folds & /);
    const row = (label: string) => lines.find((line) => line.startsWith(label))!.split(' & ');
    expect(row('NSS\\_only \\& 50\\%')[1]).toBe('0.568 [0.558, 0.578]');
    expect(row('all')[1]).toBe('\\textbf{0.914 [0.904, 0.924]}');
    expect(row('all')[2]).toBe('\\textbf{0.913 $\\pm$ 0.004}');
    expect(row('vision')[1]).toBe('\\underline{0.910 [0.900, 0.920]}');
    // RMSE: the lowest is best. PLCC folds are all the same, so nothing is marked.
    expect(row('all')[7]).toBe('\\textbf{0.400}');
    expect(row('vision')[7]).toBe('\\underline{0.500}');
    expect(row('all')[4]).toBe('0.900 $\\pm$ 0.001');
    for (const rule of ['\\toprule', '\\midrule', '\\bottomrule']) expect(lines).toContain(rule);
  });

  it('marks the best in Markdown, both where two look the same', () => {
    const twins = [RUNS[0]!, runWith('a', 0.91421, 0.4), runWith('b', 0.91399, 0.4)];
    const text = formatTable(experimentTable('t', twins, 'print'), 'markdown');
    expect(text).toContain('| a | **0.914 [0.904, 0.924]** |');
    expect(text).toContain('| b | **0.914 [0.904, 0.924]** |');
    expect(text).toContain('NSS_only & 50% | 0.568 [0.558, 0.578] |');
  });

  it('sums random splits up by median and quartiles', () => {
    const run = RUNS[1]!;
    const all = (value: number) => ({ srocc: value, plcc: value, krocc: value, rmse: value });
    const quartiles = { lower: all(0.8), upper: all(0.9) };
    const split = { ...run, metrics: { ...run.metrics!, median: all(0.85), quartiles } };
    const print = experimentTable('t', [split], 'print');
    expect(print.rows[0]![2]).toEqual({ value: 0.85, text: '0.850 (median; 0.800 to 0.900)' });
    const data = experimentTable('t', [split], 'data');
    expect(data.columns.map((column) => column.title).slice(4, 8)).toEqual([
      'SROCC mean',
      'SROCC std',
      'SROCC median',
      'PLCC',
    ]);
    expect(data.rows[0]![6]).toBe(0.85);
  });

  it('says what state unfinished runs are in, and leaves their figures empty', () => {
    const table = experimentTable('t', [RUNS[0]!, makeRun(2, 'image', 'failed')], 'print');
    expect(table.columns[1]!.title).toBe('state');
    expect(table.rows[1]!.slice(1, 4)).toEqual(['failed', null, null]);
    expect(formatTable(table, 'markdown')).toContain('| failed | – | – |');
  });
});

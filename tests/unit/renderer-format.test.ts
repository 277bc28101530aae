import { describe, expect, it } from 'vitest';
import { nameOf } from '../../src-shared/dataset-name.ts';
import {
  bytes,
  count,
  counted,
  duration,
  fixed,
  percent,
  remaining,
  scaleDigits,
  signed,
} from '../../src-renderer/format.ts';
import { formatTable, type Table } from '../../src-renderer/table-export.ts';

describe('numbers', () => {
  it('have fixed digits, a true minus and no minus zero', () => {
    expect(fixed(0.91449)).toBe('0.914');
    expect(fixed(-0.5, 1)).toBe('−0.5');
    expect(fixed(-0.0001)).toBe('0.000');
    expect(fixed(null)).toBe('–');
    expect(fixed(NaN)).toBe('–');
    expect(signed(0.256)).toBe('+0.26');
    expect(signed(-0.256)).toBe('−0.26');
    expect(signed(undefined)).toBe('–');
  });

  it('have thin-space thousands', () => {
    expect(count(999)).toBe('999');
    expect(count(40_000)).toBe('40\u202f000');
    expect(count(1_234_567)).toBe('1\u202f234\u202f567');
    expect(counted(1, 'image')).toBe('1 image');
    expect(counted(0, 'image')).toBe('0 images');
  });

  it('say times and sizes', () => {
    expect(duration(0.44)).toBe('0.4 s');
    expect(duration(59.6)).toBe('1 min 00 s');
    expect(duration(185)).toBe('3 min 05 s');
    expect(duration(7800)).toBe('2 h 10 min');
    expect(duration(7199)).toBe('2 h 00 min');
    expect(duration(null)).toBe('–');
    expect(bytes(512)).toBe('512 B');
    expect(bytes(999_600)).toBe('1.0 MB');
    expect(bytes(14_200_000)).toBe('14.2 MB');
  });

  it('do not say 100 % early', () => {
    expect(percent(9999, 10_000)).toBe(99);
    expect(percent(10_000, 10_000)).toBe(100);
    expect(percent(0, 0)).toBe(0);
  });

  it('promise no end before there is something to tell from', () => {
    expect(remaining({ done: 1, total: 1200, etaSeconds: 1386 })).toBe('');
    expect(remaining({ done: 600, total: 1200, etaSeconds: 61 })).toBe(' · 1 min 01 s left');
    expect(remaining({ done: 600, total: 0, etaSeconds: 61 })).toBe('');
    expect(remaining({ done: 600, total: 1200, etaSeconds: null })).toBe('');
  });

  it('say synthetic once', () => {
    expect(nameOf({ name: 'biqa-demo', synthetic: true })).toBe('biqa-demo (synthetic)');
    expect(nameOf({ name: 'Demo (synthetic)', synthetic: true })).toBe('Demo (synthetic)');
    expect(nameOf({ name: 'KonIQ', synthetic: false })).toBe('KonIQ');
  });

  it('suit the scale', () => {
    expect(scaleDigits({ min: 1, max: 5 })).toBe(2);
    expect(scaleDigits({ min: 0, max: 100 })).toBe(1);
    expect(scaleDigits({ min: 0, max: 1 })).toBe(3);
  });
});

describe('tables', () => {
  const table: Table = {
    caption: 'run 3 · 5 % held',
    columns: [
      { title: 'name' },
      { title: 'SROCC', numeric: true, digits: 3 },
      { title: 'n_test', numeric: true },
    ],
    rows: [
      ['a|b & "c", 50%', 0.91449, 240],
      ['=SUM(A1)', null, -1],
      ['tab\there', 1 / 3, 0],
    ],
  };

  it('as TSV keep full precision and one line per row', () => {
    expect(formatTable(table, 'tsv').split('\n')).toEqual([
      'name\tSROCC\tn_test',
      'a|b & "c", 50%\t0.91449\t240',
      '=SUM(A1)\t\t-1',
      'tab here\t0.3333333333333333\t0',
      '',
    ]);
  });

  it('as CSV are quoted, and formulas are disarmed', () => {
    const lines = formatTable(table, 'csv').split('\n');
    expect(lines[1]).toBe('"a|b & ""c"", 50%",0.91449,240');
    expect(lines[2]).toBe("'=SUM(A1),,-1");
  });

  it('as Markdown align numbers, escape pipes and carry the caption', () => {
    expect(formatTable(table, 'markdown').split('\n').slice(0, 4)).toEqual([
      '| name | SROCC | n_test |',
      '| --- | ---: | ---: |',
      '| a\\|b & "c", 50% | 0.914 | 240 |',
      '| =SUM(A1) | – | -1 |',
    ]);
    expect(formatTable(table, 'markdown')).toContain('\nrun 3 · 5 % held\n');
  });

  it('as LaTeX escape what LaTeX would read', () => {
    const text = formatTable(table, 'latex');
    expect(text).toContain('\\begin{tabular}{lrr}');
    expect(text).toContain('name & SROCC & n\\_test \\\\');
    expect(text).toContain('a|b \\& "c", 50\\% & 0.914 & 240 \\\\');
    expect(text.split('\n')[1]).toBe('% run 3 · 5 % held');
    const bracket = { columns: [{ title: 'a' }], rows: [['[x]']] };
    expect(formatTable(bracket, 'latex')).toContain('\n{[}x] \\\\\n');
  });
});

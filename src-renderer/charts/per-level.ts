/** SROCC per distortion level. */
import type { ChartConfiguration } from 'chart.js';
import type { RunDetail } from '../../src-shared/runs.ts';
import { fixed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Palette } from './palette.ts';

type LevelRow = RunDetail['perLevel'][number];

/** One bar per level. */
export function perLevelChart(rows: readonly LevelRow[], palette: Palette): ChartConfiguration {
  const base = baseOptions(palette, false);
  return {
    type: 'bar',
    data: {
      labels: rows.map((row) => String(row.level)),
      datasets: [
        { data: rows.map((row) => row.srocc), backgroundColor: palette.accent, maxBarThickness: 46 },
      ],
    },
    options: {
      ...base,
      scales: {
        x: axis(palette, 'level', { grid: { display: false } }),
        y: axis(palette, 'SROCC', { min: Math.min(0, ...rows.map((row) => row.srocc ?? 0)), max: 1 }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            title: (items) => `level ${items[0]?.label ?? ''}`,
            label: (item) =>
              `SROCC ${fixed(rows[item.dataIndex]?.srocc)} over ${rows[item.dataIndex]?.n ?? 0} images`,
          },
        },
      },
    },
  };
}

/** One row per level. */
export function perLevelTable(rows: readonly LevelRow[], provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'level', numeric: true },
      { title: 'n', numeric: true },
      { title: 'SROCC', numeric: true, digits: 3 },
    ],
    rows: rows.map((row) => [row.level, row.n, row.srocc]),
  };
}

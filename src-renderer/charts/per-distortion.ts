/** SROCC per distortion type, lowest first, in the three bands of the paper's figure 2. */
import type { ChartConfiguration } from 'chart.js';
import type { RunDetail } from '../../src-shared/runs.ts';
import { fixed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions, nameAxis } from './chart-options.ts';
import type { Palette } from './palette.ts';
import { valueLabels } from './value-labels.ts';

/** SROCC of one distortion type over its n images. */
export type DistortionRow = RunDetail['perDistortion'][number];
/** Colour band of a bar. */
export type Band = 'good' | 'middle' | 'bad';

/** Figure 2: green from .95, orange from .85, red below. */
export function bandOf(srocc: number): Band {
  return srocc >= 0.95 ? 'good' : srocc >= 0.85 ? 'middle' : 'bad';
}

/** Ascending by SROCC; types where it is undefined come last. */
export function sortAscending(rows: readonly DistortionRow[]): DistortionRow[] {
  return [...rows].sort((a, b) => (a.srocc ?? Infinity) - (b.srocc ?? Infinity));
}

const BANDS: readonly { band: Band; title: string }[] = [
  { band: 'bad', title: 'below .85' },
  { band: 'middle', title: '.85 to .95' },
  { band: 'good', title: '.95 and above' },
];

/** Horizontal bars; `rows` in the order of sortAscending. */
export function perDistortionChart(rows: readonly DistortionRow[], palette: Palette): ChartConfiguration {
  const lowest = Math.min(0, ...rows.map((row) => row.srocc ?? 0));
  const base = baseOptions(palette, true);
  return {
    type: 'bar',
    data: {
      labels: rows.map((row) => `${row.name} (${row.type})`),
      datasets: BANDS.map(({ band, title }) => ({
        label: title,
        data: rows.map((row) => (row.srocc !== null && bandOf(row.srocc) === band ? row.srocc : null)),
        backgroundColor: palette[band],
        grouped: false,
        barPercentage: 0.82,
        categoryPercentage: 0.95,
      })),
    },
    options: {
      ...base,
      indexAxis: 'y',
      layout: { padding: { right: 34 } },
      scales: {
        x: axis(palette, 'SROCC', { min: Math.floor(lowest * 10) / 10, max: 1 }),
        y: nameAxis(palette),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            label: (item) => {
              const row = rows[item.dataIndex];
              return `SROCC ${fixed(row?.srocc)} over ${row?.n ?? 0} images`;
            },
          },
        },
      },
    },
    plugins: [
      valueLabels(
        rows.map((row) => Math.max(0, row.srocc ?? 0)),
        rows.map((row) => fixed(row.srocc)),
        palette.text,
      ),
    ],
  } as ChartConfiguration;
}

/** One row per type, in the order given. */
export function perDistortionTable(rows: readonly DistortionRow[], provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'type' },
      { title: 'distortion' },
      { title: 'n', numeric: true },
      { title: 'SROCC', numeric: true, digits: 3 },
    ],
    rows: rows.map((row) => [row.type, row.name, row.n, row.srocc]),
  };
}

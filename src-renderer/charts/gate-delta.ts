/** Mean gate of one stream per distortion type, lowest first, with the delta of each type beside it (figure 4, left). */
import type { ChartConfiguration } from 'chart.js';
import type { GateDelta } from '../../src-shared/analysis.ts';
import { fixed, signed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions, nameAxis } from './chart-options.ts';
import type { Palette } from './palette.ts';
import { referenceLine } from './reference-line.ts';
import { valueLabels } from './value-labels.ts';

type Row = GateDelta['rows'][number];
/** Types that are not KADID-10k's. */
const OTHER = 'other';

/** Ascending by gate. */
export function sortByGate(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.gate - b.gate);
}

/** Bars of the gate in the colour of the type's category; `rows` in the order of sortByGate. */
export function gateDeltaChart(rows: readonly Row[], stream: string, palette: Palette): ChartConfiguration {
  const base = baseOptions(palette, true);
  const categories = [...new Set(rows.map((row) => row.category ?? OTHER))].sort();
  const highest = Math.max(1.1, ...rows.map((row) => row.gate));
  return {
    type: 'bar',
    data: {
      labels: rows.map((row) => `${row.name} (${row.type})`),
      datasets: categories.map((category, i) => ({
        label: category,
        data: rows.map((row) => ((row.category ?? OTHER) === category ? row.gate : null)),
        backgroundColor: palette.series[i % palette.series.length],
        grouped: false,
        barPercentage: 0.82,
        categoryPercentage: 0.95,
      })),
    },
    options: {
      ...base,
      indexAxis: 'y',
      scales: {
        x: axis(palette, `mean gate of ${stream}, and delta SROCC`, {
          min: 0,
          max: Math.ceil(highest * 1.3 * 5) / 5,
        }),
        y: nameAxis(palette),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            label: (item) => {
              const row = rows[item.dataIndex];
              return `gate ${fixed(row?.gate)}, delta ${signed(row?.delta, 4)}, ${row?.category ?? OTHER}`;
            },
          },
        },
      },
    },
    plugins: [
      referenceLine('x', 1, palette.muted),
      valueLabels(
        rows.map((row) => row.gate),
        rows.map((row) => `${fixed(row.gate)}  Δ ${signed(row.delta, 3)}`),
        palette.text,
        palette.background,
      ),
    ],
  } as ChartConfiguration;
}

/** One row per type, in the order given. */
export function gateDeltaTable(rows: readonly Row[], stream: string, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'type' },
      { title: 'distortion' },
      { title: 'category' },
      { title: `mean gate of ${stream}`, numeric: true, digits: 3 },
      { title: 'delta', numeric: true, digits: 4 },
    ],
    rows: rows.map((row) => [row.type, row.name, row.category, row.gate, row.delta]),
  };
}

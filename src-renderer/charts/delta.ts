/** What one run gains over another per distortion type, lowest first (figure 3 of the paper). */
import type { ChartConfiguration } from 'chart.js';
import type { DistortionDelta } from '../../src-shared/analysis.ts';
import { fixed, signed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions, nameAxis } from './chart-options.ts';
import type { Palette } from './palette.ts';
import { valueLabels } from './value-labels.ts';

/** Ascending by delta; types where it is undefined come last. */
export function sortByDelta(rows: readonly DistortionDelta[]): DistortionDelta[] {
  return rows.toSorted((a, b) => (a.delta ?? Infinity) - (b.delta ?? Infinity));
}

/** Bars to the right where the stream helps, to the left where it hurts; `rows` in the order of sortByDelta. */
export function deltaChart(rows: readonly DistortionDelta[], palette: Palette): ChartConfiguration {
  const base = baseOptions(palette, true);
  const reach = Math.max(0.01, ...rows.map((row) => Math.abs(row.delta ?? 0))) * 1.5;
  const side = (label: string, colour: string, isOn: (delta: number) => boolean) => ({
    label,
    data: rows.map((row) => (row.delta !== null && isOn(row.delta) ? row.delta : null)),
    backgroundColor: colour,
    grouped: false,
    barPercentage: 0.82,
    categoryPercentage: 0.95,
  });
  return {
    type: 'bar',
    data: {
      labels: rows.map((row) => `${row.name} (${row.type})`),
      datasets: [
        side('− hurts', palette.bad, (delta) => delta < 0),
        side('+ helps', palette.good, (delta) => delta >= 0),
      ],
    },
    options: {
      ...base,
      indexAxis: 'y',
      scales: {
        x: axis(palette, 'SROCC with − without', {
          min: -reach,
          max: reach,
          ticks: {
            color: palette.muted,
            maxTicksLimit: 7,
            includeBounds: false,
            callback: (value: string | number) => signed(Number(value), 3),
          },
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
              return `${fixed(row?.with)} − ${fixed(row?.without)} = ${signed(row?.delta, 4)} over ${row?.n ?? 0} images`;
            },
          },
        },
      },
    },
    plugins: [
      valueLabels(
        rows.map((row) => row.delta),
        rows.map((row) => signed(row.delta, 3)),
        palette.text,
      ),
    ],
  } as ChartConfiguration;
}

/** One row per type, in the order given. */
export function deltaTable(rows: readonly DistortionDelta[], provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'type' },
      { title: 'distortion' },
      { title: 'category' },
      { title: 'n', numeric: true },
      { title: 'SROCC with', numeric: true, digits: 3 },
      { title: 'SROCC without', numeric: true, digits: 3 },
      { title: 'delta', numeric: true, digits: 4 },
    ],
    rows: rows.map((row) => [row.type, row.name, row.category, row.n, row.with, row.without, row.delta]),
  };
}

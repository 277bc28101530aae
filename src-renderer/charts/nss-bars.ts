/** The 138 z-scores as one figure for export; the page itself draws them as focusable bars. */
import type { ChartConfiguration } from 'chart.js';
import { NSS_FAMILIES, familyOf } from '../../src-shared/nss-names.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Palette } from './palette.ts';

/** One feature of an image and its z-score against the dataset. */
export type NssValue = { name: string; value: number; z: number };

/** All 138 z-scores as bars, coloured by family. */
export function nssBarsChart(features: readonly NssValue[], palette: Palette): ChartConfiguration {
  const base = baseOptions(palette, true);
  return {
    type: 'bar',
    data: {
      labels: features.map(({ name }) => name),
      datasets: NSS_FAMILIES.map(({ id, title }, i) => ({
        label: title,
        data: features.map(({ name, z }) => (familyOf(name) === id ? z : null)),
        backgroundColor: palette.series[i],
        grouped: false,
        barPercentage: 1,
        categoryPercentage: 0.9,
      })),
    },
    options: {
      ...base,
      scales: {
        x: axis(palette, '', { grid: { display: false }, ticks: { display: false } }),
        y: axis(palette, 'z-score'),
      },
    },
  } as ChartConfiguration;
}

/** Feature, family, value and z per row. */
export function nssTable(features: readonly NssValue[], provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'feature' },
      { title: 'family' },
      { title: 'value', numeric: true, digits: 4 },
      { title: 'z', numeric: true, digits: 2 },
    ],
    rows: features.map(({ name, value, z }) => [name, familyOf(name), value, z]),
  };
}

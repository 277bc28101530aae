/** Mean error in bins of equally many images, from the surest to the least sure. */
import type { ChartConfiguration } from 'chart.js';
import type { SpreadAnalysis } from '../../src-shared/analysis.ts';
import { fixed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Palette } from './palette.ts';

/** Points joined by a line; `spread` names the x axis. */
export function errorSpreadChart(
  { bins }: SpreadAnalysis,
  spread: string,
  digits: number,
  palette: Palette,
): ChartConfiguration {
  const base = baseOptions(palette, false);
  return {
    type: 'scatter',
    data: {
      datasets: [
        {
          data: bins.map((bin) => ({ x: bin.spread, y: bin.error })),
          showLine: true,
          borderColor: palette.accent,
          backgroundColor: palette.accent,
          borderWidth: 1.5,
          pointRadius: 4,
        },
      ],
    },
    options: {
      ...base,
      scales: {
        x: axis(palette, spread, { type: 'linear' }),
        y: axis(palette, 'mean |prediction − MOS|', { type: 'linear', beginAtZero: true }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            label: (item) => {
              const bin = bins[item.dataIndex];
              return [
                `${fixed(bin?.from, digits)} to ${fixed(bin?.to, digits)}: ${bin?.n ?? 0} images`,
                `mean error ${fixed(bin?.error, digits)}`,
              ];
            },
          },
        },
      },
    },
  } as ChartConfiguration;
}

/** One row per bin. */
export function errorSpreadTable({ bins }: SpreadAnalysis, spread: string, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'from', numeric: true, digits: 4 },
      { title: 'to', numeric: true, digits: 4 },
      { title: 'images', numeric: true },
      { title: spread, numeric: true, digits: 4 },
      { title: 'mean |residual|', numeric: true, digits: 4 },
    ],
    rows: bins.map((bin) => [bin.from, bin.to, bin.n, bin.spread, bin.error]),
  };
}

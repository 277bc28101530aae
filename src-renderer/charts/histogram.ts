/** Histogram of prediction minus MOS. */
import type { ChartConfiguration } from 'chart.js';
import type { Bin } from '../../src-shared/symmetric-bins.ts';
import { fixed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Palette } from './palette.ts';

/** Bars of a histogram; `title` names the x axis, `digits` the precision of the bin edges. */
export function histogramChart(
  bins: readonly Bin[],
  title: string,
  digits: number,
  palette: Palette,
): ChartConfiguration {
  const base = baseOptions(palette, false);
  return {
    type: 'bar',
    data: {
      datasets: [
        {
          data: bins.map((bin) => ({ x: (bin.from + bin.to) / 2, y: bin.count })),
          backgroundColor: palette.accent,
          barPercentage: 1,
          categoryPercentage: 0.94,
        },
      ],
    },
    options: {
      ...base,
      scales: {
        // Linear, so that the ticks are round numbers wherever the bins lie.
        x: axis(palette, title, {
          type: 'linear',
          offset: false,
          min: bins[0]?.from,
          max: bins.at(-1)?.to,
          grid: { display: false },
          ticks: { color: palette.muted, maxRotation: 0, maxTicksLimit: 11, includeBounds: false },
        }),
        y: axis(palette, 'images', {
          beginAtZero: true,
          ticks: { color: palette.muted, precision: 0, padding: 4 },
        }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            title: (items) => {
              const bin = bins[items[0]?.dataIndex ?? 0];
              return `${fixed(bin?.from, digits)} to ${fixed(bin?.to, digits)}`;
            },
            label: (item) => `${bins[item.dataIndex]?.count ?? 0} images`,
          },
        },
      },
    },
  } as ChartConfiguration;
}

/** One row per bin. */
export function histogramTable(bins: readonly Bin[], provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'from', numeric: true, digits: 4 },
      { title: 'to', numeric: true, digits: 4 },
      { title: 'images', numeric: true },
    ],
    rows: bins.map((bin) => [bin.from, bin.to, bin.count]),
  };
}

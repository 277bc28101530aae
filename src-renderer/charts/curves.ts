/** Training curves: loss per fold, with the shared learning rate on a second axis. */
import type { ChartConfiguration } from 'chart.js';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Curves } from './merge-curves.ts';
import type { Palette } from './palette.ts';

/** Loss per epoch and fold, and the learning rate on the right axis. */
export function curvesChart(curves: Curves, palette: Palette): ChartConfiguration {
  const base = baseOptions(palette, true);
  const longest = curves.reduce<Curves[number]['epochs']>(
    (a, { epochs }) => (epochs.length > a.length ? epochs : a),
    [],
  );
  return {
    type: 'line',
    data: {
      datasets: [
        ...curves.map(({ fold, epochs }, i) => ({
          label: `fold ${fold + 1}`,
          data: epochs.map(({ epoch, loss }) => ({ x: epoch, y: loss })),
          borderColor: palette.series[i % palette.series.length],
          backgroundColor: palette.series[i % palette.series.length],
          borderWidth: 1.5,
          pointRadius: 0,
        })),
        {
          label: 'learning rate',
          yAxisID: 'lr',
          data: longest.map(({ epoch, lr }) => ({ x: epoch, y: lr })),
          borderColor: palette.muted,
          backgroundColor: palette.muted,
          borderDash: [3, 3],
          borderWidth: 1,
          pointRadius: 0,
        },
      ],
    },
    options: {
      ...base,
      plugins: {
        ...base.plugins,
        legend: {
          ...base.plugins?.legend,
          labels: { ...base.plugins?.legend?.labels, usePointStyle: true, pointStyle: 'line', boxWidth: 18 },
        },
      },
      parsing: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: axis(palette, 'epoch', {
          type: 'linear',
          ticks: { color: palette.muted, precision: 0, padding: 4 },
        }),
        y: axis(palette, 'loss', { type: 'linear', suggestedMin: 0 }),
        lr: axis(palette, 'learning rate', {
          type: 'linear',
          position: 'right',
          min: 0,
          grid: { display: false },
          ticks: {
            color: palette.muted,
            padding: 4,
            callback: (value: number) => (value === 0 ? '0' : value.toExponential(1)),
          },
        }),
      },
    },
  } as ChartConfiguration;
}

/** One row per fold and epoch. */
export function curvesTable(curves: Curves, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'fold', numeric: true },
      { title: 'epoch', numeric: true },
      { title: 'loss', numeric: true },
      { title: 'learning rate', numeric: true },
    ],
    rows: curves.flatMap(({ fold, epochs }) =>
      epochs.map(({ epoch, loss, lr }) => [fold + 1, epoch, loss, lr]),
    ),
  };
}

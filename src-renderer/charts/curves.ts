/** Training curves: loss per part (fold, repeat), with the shared learning rate on a second axis. */
import type { ChartConfiguration } from 'chart.js';
import type { Table } from '../table-export.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Curves } from './merge-curves.ts';
import type { Palette } from './palette.ts';

/** What a part is called, e.g. "fold 3" or "repeat 7"; `parts` are the run's own names. */
function partName(parts: readonly string[], part: number): string {
  return parts[part] ?? `fold ${part + 1}`;
}

/** "5 folds", "10 repeats", or "the one training" of a run that is tested once. */
export function partsInWords(parts: readonly string[], n: number): string {
  const noun = (parts[0] ?? 'fold').split(' ')[0]!;
  if (noun === 'test') return 'the one training';
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** Loss per epoch and part (fold, repeat), and the learning rate on the right axis. */
export function curvesChart(curves: Curves, parts: readonly string[], palette: Palette): ChartConfiguration {
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
          label: partName(parts, fold),
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

/** One row per part and epoch. */
export function curvesTable(curves: Curves, parts: readonly string[], provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'part' },
      { title: 'epoch', numeric: true },
      { title: 'loss', numeric: true },
      { title: 'learning rate', numeric: true },
    ],
    rows: curves.flatMap(({ fold, epochs }) =>
      epochs.map(({ epoch, loss, lr }) => [partName(parts, fold), epoch, loss, lr]),
    ),
  };
}

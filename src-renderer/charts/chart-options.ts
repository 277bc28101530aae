/** What all charts share: quiet grid, labelled axes, tabular tooltips. */
import type { ChartDataset, ChartOptions } from 'chart.js';
import type { Palette } from './palette.ts';

/** Options of one linear or category axis. */
export function axis(
  palette: Palette,
  title: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    title: { display: title !== '', text: title, color: palette.muted },
    grid: { color: palette.grid, drawTicks: false },
    border: { color: palette.grid },
    ticks: { color: palette.muted, padding: 4 },
    ...more,
  };
}

/** The axis of horizontal bars and of a heatmap's rows: every name, no grid. */
export function nameAxis(palette: Palette, more: Record<string, unknown> = {}): Record<string, unknown> {
  return axis(palette, '', {
    grid: { display: false },
    ticks: { color: palette.text, autoSkip: false, padding: 4 },
    ...more,
  });
}

/** A dashed line from (low, low) to (high, high), over the points: where both axes say the same. */
export function equalityLine(low: number, high: number, palette: Palette): ChartDataset<'line'> {
  return {
    type: 'line',
    order: -1,
    data: [
      { x: low, y: low },
      { x: high, y: high },
    ],
    borderColor: palette.text,
    borderWidth: 1.2,
    borderDash: [4, 4],
    pointRadius: 0,
    pointHitRadius: 0,
  };
}

/** Base options; `legend` shows the series' names above the chart. */
export function baseOptions(palette: Palette, legend: boolean): ChartOptions {
  return {
    plugins: {
      legend: {
        display: legend,
        position: 'top',
        align: 'end',
        labels: { color: palette.muted, boxWidth: 10, boxHeight: 10, padding: 8 },
      },
      tooltip: {
        displayColors: false,
        backgroundColor: palette.text,
        titleColor: palette.background,
        bodyColor: palette.background,
      },
    },
  };
}

/** What all charts share: quiet grid, labelled axes, tabular tooltips. */
import type { ChartOptions } from 'chart.js';
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

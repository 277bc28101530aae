/** The mean gates of all streams per distortion type, the types grouped by category (figure 4, right). */
import { defaults, type Chart, type ChartConfiguration, type Plugin } from 'chart.js';
import type { GateAnalysis } from '../../src-shared/analysis.ts';
import { fixed } from '../format.ts';
import { axis, baseOptions } from './chart-options.ts';
import type { Palette } from './palette.ts';
import { referenceLine } from './reference-line.ts';

type Row = GateAnalysis['types'][number];

/** Types of one category side by side, categories in the order of their first type. */
export function groupByCategory(rows: readonly Row[]): Row[] {
  const groups = Map.groupBy(rows, (row) => row.category ?? 'other');
  return [...groups.values()].flat();
}

/** One bar per stream and type; `rows` in the order of groupByCategory. */
export function gateCategoriesChart(
  rows: readonly Row[],
  streams: readonly string[],
  palette: Palette,
): ChartConfiguration {
  const base = baseOptions(palette, true);
  // Room above the bars for the names of the categories.
  const top = Math.max(1.2, ...rows.flatMap((row) => row.mean)) + 0.15;
  return {
    type: 'bar',
    data: {
      labels: rows.map((row) => row.name),
      datasets: streams.map((stream, s) => ({
        label: stream,
        data: rows.map((row) => row.mean[s]!),
        backgroundColor: palette.series[s % palette.series.length],
        barPercentage: 0.95,
        categoryPercentage: 0.8,
      })),
    },
    options: {
      ...base,
      layout: { padding: { top: 4 } },
      scales: {
        x: axis(palette, '', {
          grid: { display: false },
          ticks: { color: palette.text, autoSkip: false, maxRotation: 60, minRotation: 45 },
        }),
        y: axis(palette, 'mean gate', { min: 0, max: Math.ceil(top * 5) / 5 }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            title: (items) => {
              const row = rows[items[0]?.dataIndex ?? 0];
              return `${row?.name ?? ''}, ${row?.category ?? 'other'}`;
            },
            label: (item) =>
              `${item.dataset.label}: ${fixed(item.parsed.y)} over ${rows[item.dataIndex]?.n ?? 0} images`,
          },
        },
      },
    },
    plugins: [referenceLine('y', 1, palette.muted), categoryMarks(rows, palette)],
  } as ChartConfiguration;
}

/** Lines between categories, and their names above them. */
function categoryMarks(rows: readonly Row[], palette: Palette): Plugin {
  return {
    id: 'category-marks',
    beforeDatasetsDraw({ ctx, scales, chartArea }: Chart) {
      const width = scales['x']!.width / Math.max(1, rows.length);
      ctx.save();
      ctx.font = `11px ${String(defaults.font.family)}`;
      ctx.textBaseline = 'top';
      ctx.textAlign = 'left';
      rows.forEach((row, i) => {
        if (i > 0 && rows[i - 1]!.category === row.category) return;
        const x = scales['x']!.getPixelForValue(i) - width / 2;
        ctx.strokeStyle = palette.muted;
        ctx.lineWidth = 1;
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        ctx.fillStyle = palette.muted;
        ctx.fillText(row.category ?? 'other', x + 4, chartArea.top + 2);
      });
      ctx.restore();
    },
  };
}

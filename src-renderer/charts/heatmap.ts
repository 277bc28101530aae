/** A table of numbers as coloured cells with the numbers in them, drawn as bars of length one stacked side by side. */
import { defaults, type Chart, type ChartConfiguration, type Plugin, type Scale } from 'chart.js';
import { fixed } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions, nameAxis } from './chart-options.ts';
import { mix, readableOn } from './colour.ts';
import type { Palette } from './palette.ts';

/** Rows of values, one per column; null where there is none. */
export type Heatmap = {
  rows: readonly string[];
  columns: readonly string[];
  values: readonly (readonly (number | null)[])[];
  /** Number of images behind a cell, for its tooltip. */
  images?: readonly (readonly number[])[];
  digits: number;
};

/** Colour of a gate: towards blue below 1, towards orange above, by its distance from 1 relative to `reach`. */
export function gateColour(gate: number, reach: number, palette: Palette): string {
  const share = Math.min(1, Math.abs(gate - 1) / reach);
  return mix(palette.neutral, gate < 1 ? palette.below : palette.above, share);
}

/** The distance from 1 at which gates get the full colour: that of the gate that is furthest from it, at least .05. */
export function reachOf(gates: readonly (number | null)[]): number {
  return gates.reduce<number>((most, gate) => Math.max(most, Math.abs((gate ?? 1) - 1)), 0.05);
}

/** Gates as a heatmap; picks give the column as dataset and the row as index. */
export function gateHeatmap(map: Heatmap, palette: Palette): ChartConfiguration {
  const reach = reachOf(map.values.flat());
  const colourOf = (value: number | null): string =>
    value === null ? palette.background : gateColour(value, reach, palette);
  const base = baseOptions(palette, false);
  return {
    type: 'bar',
    data: {
      labels: [...map.rows],
      datasets: map.columns.map((label, c) => ({
        label,
        data: map.rows.map(() => 1),
        backgroundColor: map.rows.map((_, r) => colourOf(map.values[r]?.[c] ?? null)),
        hoverBorderColor: palette.text,
        borderColor: palette.background,
        borderWidth: 1,
        borderSkipped: false,
        barPercentage: 1,
        categoryPercentage: 1,
      })),
    },
    options: {
      ...base,
      indexAxis: 'y',
      scales: {
        x: axis(palette, '', {
          stacked: true,
          position: 'top',
          min: 0,
          max: map.columns.length,
          grid: { display: false },
          afterBuildTicks: (scale: Scale) => {
            scale.ticks = map.columns.map((_, c) => ({ value: c + 0.5 }));
          },
          ticks: {
            color: palette.text,
            autoSkip: false,
            maxRotation: 0,
            callback: (value: string | number) => map.columns[Math.floor(Number(value))] ?? '',
          },
        }),
        y: nameAxis(palette, { stacked: true }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          callbacks: {
            label: ({ datasetIndex: c, dataIndex: r }) => {
              const n = map.images?.[r]?.[c];
              const value = fixed(map.values[r]?.[c], map.digits);
              return `${map.columns[c]}: ${value}${n === undefined ? '' : ` over ${n} images`}`;
            },
          },
        },
      },
    },
    plugins: [cellTexts(map, colourOf)],
  } as ChartConfiguration;
}

function cellTexts(map: Heatmap, colourOf: (value: number | null) => string): Plugin {
  return {
    id: 'cell-texts',
    afterDatasetsDraw({ ctx, scales }: Chart) {
      ctx.save();
      ctx.font = `11px ${String(defaults.font.family)}`;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      map.rows.forEach((_, r) =>
        map.columns.forEach((_, c) => {
          const value = map.values[r]?.[c] ?? null;
          ctx.fillStyle = readableOn(colourOf(value));
          const x = scales['x']!.getPixelForValue(c + 0.5);
          ctx.fillText(fixed(value, map.digits), x, scales['y']!.getPixelForValue(r));
        }),
      );
      ctx.restore();
    },
  };
}

/** Rows and columns as they are drawn; `corner` names the rows. */
export function heatmapTable(map: Heatmap, corner: string, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: corner },
      ...map.columns.map((title) => ({ title, numeric: true, digits: map.digits })),
    ],
    rows: map.rows.map((row, r) => [row, ...map.columns.map((_, c) => map.values[r]?.[c] ?? null)]),
  };
}

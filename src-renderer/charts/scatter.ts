/** Predicted against rated quality, one point per image, with the line of perfect agreement. */
import type { ChartConfiguration } from 'chart.js';
import type { RunPredictions } from '../../src-shared/runs.ts';
import type { Scale } from '../../src-shared/dataset.ts';
import { fixed, scaleDigits } from '../format.ts';
import type { Table } from '../table-export.ts';
import { axis, baseOptions, equalityLine } from './chart-options.ts';
import { manyPoints } from './many-points.ts';
import type { Palette } from './palette.ts';

/** Datasets of the chart: 0 = images in the order of `data`, 1 = the diagonal. */
export function scatterChart(data: RunPredictions, scale: Scale, palette: Palette): ChartConfiguration {
  const digits = scaleDigits(scale);
  const base = baseOptions(palette, false);
  const low = data.prediction.reduce((a, b) => Math.min(a, b), scale.min);
  const high = data.prediction.reduce((a, b) => Math.max(a, b), scale.max);
  return {
    type: 'scatter',
    plugins: [manyPoints],
    data: {
      datasets: [
        {
          data: data.mos.map((mos, i) => ({ x: mos, y: data.prediction[i]! })),
          backgroundColor: palette.accentSoft,
          borderWidth: 0,
          pointRadius: data.mos.length > 5000 ? 1.5 : 2.5,
          pointHoverRadius: 5,
          pointHoverBackgroundColor: palette.accent,
        },
        equalityLine(scale.min, scale.max, palette),
      ],
    },
    options: {
      ...base,
      parsing: false,
      interaction: { mode: 'manyPoints', intersect: true },
      scales: {
        x: axis(palette, 'MOS', { type: 'linear', min: scale.min, max: scale.max }),
        y: axis(palette, 'prediction', { type: 'linear', suggestedMin: low, suggestedMax: high }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          filter: (item) => item.datasetIndex === 0,
          callbacks: {
            label: (item) => {
              const i = item.dataIndex;
              return [
                data.name[i] ?? '',
                `MOS ${fixed(data.mos[i], digits)}, predicted ${fixed(data.prediction[i], digits)}`,
                ...(data.distortion[i] == null ? [] : [`distortion ${data.distortion[i]}`]),
              ];
            },
          },
        },
      },
    },
  } as ChartConfiguration;
}

/** One row per image, unrounded. */
export function scatterTable(data: RunPredictions, provenance: string): Table {
  return {
    caption: provenance,
    columns: [
      { title: 'image' },
      { title: 'MOS', numeric: true },
      { title: 'prediction', numeric: true },
      { title: 'fold (from 0)', numeric: true },
      { title: 'distortion' },
    ],
    rows: data.name.map((name, i) => [
      name,
      data.mos[i] ?? null,
      data.prediction[i] ?? null,
      data.fold[i] ?? null,
      data.distortion[i] ?? null,
    ]),
  };
}

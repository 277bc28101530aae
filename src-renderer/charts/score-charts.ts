/** Charts of scored folders: how the scores lie on their scale, and B against A. */
import type { ChartConfiguration } from 'chart.js';
import type { Scale } from '../../src-shared/dataset.ts';
import type { ComparedPair } from '../../src-shared/folder-comparison.ts';
import { fixed } from '../format.ts';
import { axis, baseOptions, equalityLine } from './chart-options.ts';
import { manyPoints } from './many-points.ts';
import type { Bin } from '../../src-shared/symmetric-bins.ts';
import type { Palette } from './palette.ts';

/** Equal bins over the declared scale, widened where a prediction lies outside it. */
export function binScores(scores: readonly number[], scale: Scale, bins = 30): Bin[] {
  const low = scores.reduce((least, s) => Math.min(least, s), scale.min);
  const high = scores.reduce((most, s) => Math.max(most, s), scale.max);
  const width = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const score of scores) counts[Math.min(bins - 1, Math.floor((score - low) / width))]!++;
  return counts.map((count, i) => ({ from: low + i * width, to: low + (i + 1) * width, count }));
}

/** Quality of B against A, one point per compared pair in their order (dataset 0), with the line of equality. */
export function comparisonScatter(pairs: readonly ComparedPair[], palette: Palette): ChartConfiguration {
  const points = pairs.map(({ a, b }) => ({ x: a.quality!, y: b.quality! }));
  const all = points.flatMap(({ x, y }) => [x, y]);
  const low = all.reduce((least, v) => Math.min(least, v), Infinity);
  const high = all.reduce((most, v) => Math.max(most, v), -Infinity);
  const pad = (high - low) * 0.04 || 0.1;
  const range = { type: 'linear', min: low - pad, max: high + pad };
  const ticks = { color: palette.muted, padding: 4, includeBounds: false };
  const base = baseOptions(palette, false);
  return {
    type: 'scatter',
    plugins: [manyPoints],
    data: {
      datasets: [
        {
          data: points,
          backgroundColor: points.map(({ x, y }) => (y < x ? palette.bad : palette.accentSoft)),
          borderWidth: 0,
          pointRadius: points.length > 5000 ? 1.5 : 3,
          pointHoverRadius: 5,
        },
        equalityLine(low - pad, high + pad, palette),
      ],
    },
    options: {
      ...base,
      parsing: false,
      interaction: { mode: 'manyPoints', intersect: true },
      scales: {
        x: axis(palette, 'quality of A', { ...range, ticks }),
        y: axis(palette, 'quality of B', { ...range, ticks }),
      },
      plugins: {
        ...base.plugins,
        tooltip: {
          ...base.plugins?.tooltip,
          filter: (item) => item.datasetIndex === 0,
          callbacks: {
            label: (item) => {
              const pair = pairs[item.dataIndex];
              return [pair?.name ?? '', `A ${fixed(pair?.a.quality, 3)}, B ${fixed(pair?.b.quality, 3)}`];
            },
          },
        },
      },
    },
  } as ChartConfiguration;
}

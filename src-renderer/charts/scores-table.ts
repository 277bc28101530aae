import type { ImageDetail } from '../../src-shared/dataset.ts';
import type { Table } from '../table-export.ts';

/** MOS and the predictions of some runs with their spread and gates, a row each; columns of gates that no run has are left out. */
export function scoresTable(image: ImageDetail, predictions: ImageDetail['predictions']): Table {
  const [label] = image.labels;
  const streams = [...new Set(predictions.flatMap(({ gates }) => Object.keys(gates)))].sort();
  const { min, max, better } = image.dataset.scale;
  return {
    caption: `${image.name} · ${image.dataset.name} · scale ${min} to ${max}, ${better} is better`,
    columns: [
      { title: 'source' },
      ...['score', 'std', 'residual', ...streams.map((stream) => `gate ${stream}`)].map((title) => ({
        title,
        numeric: true,
        digits: 3,
      })),
    ],
    rows: [
      ...(label === undefined ? [] : [['MOS', label.mos, label.std, null, ...streams.map(() => null)]]),
      ...predictions.map((p) => [
        `run ${p.run}: ${p.label}`,
        p.prediction,
        p.predictionStd,
        label === undefined ? null : p.prediction - label.mos,
        ...streams.map((stream) => p.gates[stream] ?? null),
      ]),
    ],
  };
}

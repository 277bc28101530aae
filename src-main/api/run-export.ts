import type { CatalogReader } from '../catalog/reader.ts';
import { csvField } from '../../src-shared/csv-field.ts';

/** The results CSV of the interface, line by line; a field is empty where it is not known. */
export function* resultsCsvLines(reader: CatalogReader, run: number): Generator<string> {
  const predictions = reader.runs.predictions(run);
  const gates = Map.groupBy(reader.runs.gates(run), (g) => g.image);
  const streams = [...new Set([...gates.values()].flat().map((g) => g.stream))].sort();
  const columns = [
    'image',
    'mos',
    'mos_std',
    'prediction',
    'prediction_std',
    'fold',
    'group',
    'distortion',
    'level',
  ];
  yield `${[...columns, ...streams.map((s) => `gate_${s}`)].join(',')}\n`;
  for (const p of predictions) {
    const ofImage = gates.get(p.image) ?? [];
    const values = [
      p.name,
      p.mos,
      p.mosStd,
      p.prediction,
      p.predictionStd,
      p.fold,
      p.group,
      p.distortion,
      p.level,
      ...streams.map((s) => ofImage.find((g) => g.stream === s)?.gate ?? null),
    ];
    yield `${values.map((v) => (v === null ? '' : csvField(String(v)))).join(',')}\n`;
  }
}

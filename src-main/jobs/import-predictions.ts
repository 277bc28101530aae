import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import type { CatalogWriter } from '../catalog/commands.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { RunMetrics } from '../catalog/runs.ts';
import { compute } from '../experiments/compute.ts';
import { populationHash, requireRated } from '../experiments/plan.ts';

/** Takes in another model's scores (CSV image,prediction) as a run of kind "imported"; returns the run's id. */
export async function importPredictionsFile(
  { reader, writer }: { reader: CatalogReader; writer: CatalogWriter },
  input: { dataset: number; name: string; path: string },
): Promise<number> {
  const dataset = reader.datasets.get(input.dataset);
  requireRated(dataset);
  const scores = await readPredictions(input.path);
  const rows = reader.population.rows(dataset.id, dataset.label, []).filter((row) => scores.has(row.name));
  if (rows.length === 0) {
    throw new StudioError('bad-input', `None of the ${scores.size} image names is in "${dataset.name}"`, {
      file: input.path,
      hint: 'The first column must hold the image names of the dataset (studio results RUN --csv shows them).',
    });
  }
  const prediction = Float64Array.from(rows, (row) => scores.get(row.name)!);
  const target = Float64Array.from(rows, (row) => row.mos);
  const groups = rows.every((row) => row.group !== null) ? rows.map((row) => row.group!) : null;
  const metrics = await evaluate(prediction, target, groups);
  const unknown = scores.size - rows.length;
  return writer.importRun(
    {
      label: input.name,
      kind: 'imported',
      dataset: dataset.id,
      train: null,
      spec: null,
      targetLabel: dataset.label,
      streams: [],
      population: { n: rows.length, hash: populationHash(rows) },
      folds: null,
      parameters: null,
      work: null,
      warnings:
        unknown === 0
          ? []
          : [
              {
                code: 'unknown-images',
                message: `${unknown} rows of the file name no rated image of the dataset.`,
              },
            ],
    },
    rows.map((row, i) => ({ image: row.id, mos: row.mos, prediction: prediction[i]!, std: null, gates: {} })),
    metrics,
  );
}

async function evaluate(
  prediction: Float64Array,
  target: Float64Array,
  groups: string[] | null,
): Promise<RunMetrics> {
  let metrics: RunMetrics | null = null;
  await compute(
    { kind: 'evaluate', prediction, target, groups },
    {
      signal: new AbortController().signal,
      onMessage: (message) => {
        if (message.type === 'evaluated') metrics = message.metrics;
      },
    },
  );
  return metrics!;
}

async function readPredictions(file: string): Promise<Map<string, number>> {
  const scores = new Map<string, number>();
  const bad = (what: string) =>
    new StudioError('bad-input', `Predictions: ${what}`, {
      file,
      hint: 'Expected a CSV with a header and the columns image,prediction.',
    });
  try {
    let line = 0;
    const records = createReadStream(file).pipe(
      parse({ bom: true, skip_empty_lines: true, relax_column_count: true }),
    );
    for await (const record of records as AsyncIterable<string[]>) {
      line++;
      const [image, text] = record;
      if (line === 1 && !Number.isFinite(Number(text))) continue; // the header
      const score = text === undefined || text.trim() === '' ? NaN : Number(text);
      if (image === undefined || !Number.isFinite(score)) throw bad(`line ${line} has no finite prediction`);
      if (scores.has(image)) throw bad(`line ${line} names ${image} a second time`);
      scores.set(image, score);
    }
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('CSV_')) throw bad((error as Error).message);
    throw error instanceof StudioError ? error : StudioError.fromShape(errorShape(error, file));
  }
  if (scores.size === 0) throw bad('the file has no rows');
  return scores;
}

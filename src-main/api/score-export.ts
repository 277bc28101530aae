/** What scoring jobs leave the studio as: CSV, JSON, and a comparison as one HTML file. */
import path from 'node:path';
import { csvField } from '../../src-shared/csv-field.ts';
import type { ComparedSide, FolderComparison } from '../../src-shared/folder-comparison.ts';
import type { PredictResult } from '../../src-shared/jobs.ts';
import { comparisonHtml, PICTURED_PAIRS } from '../reports/folder-comparison.ts';
import { looseThumbnail } from './job-pictures.ts';
import type { Services } from './services.ts';

const THUMBNAIL_PX = 256;

/** GET /export/scores/:job.(csv|json). */
export function scoresExport({ results }: Services, job: number, format: string): Response {
  const result = results.prediction(job);
  const headers = attachment(`scores-${job}.${format}`);
  if (format === 'json') return Response.json(result, { headers });
  return csvResponse(predictionsCsv(result), headers);
}

/** GET /export/comparison/:job.(csv|json|html). */
export async function comparisonExport(services: Services, job: number, format: string): Promise<Response> {
  const comparison = services.results.comparison(job);
  const headers = attachment(`comparison-${job}.${format}`);
  if (format === 'json') return Response.json(comparison, { headers });
  if (format === 'csv') return csvResponse(comparisonCsv(comparison), headers);
  const finished = services.queue.get(job).finishedAt ?? '';
  const page = comparisonHtml(comparison, await pairPictures(comparison), finished);
  return new Response(page, { headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } });
}

/** CSV of scored pictures: image, prediction, prediction_std, a gate per stream, error. */
export function predictionsCsv({ predictions }: PredictResult): string {
  const streams = [...new Set(predictions.flatMap((p) => Object.keys(p.gates)))].sort();
  const header = ['image', 'prediction', 'prediction_std', ...streams.map((s) => `gate_${s}`), 'error'];
  const rows = predictions.map((p) => [
    p.image,
    p.prediction,
    p.prediction_std,
    ...streams.map((s) => p.gates[s] ?? null),
    p.error?.message ?? null,
  ]);
  return csvText([header, ...rows]);
}

/** CSV of a comparison, one pair a line, worst first. */
export function comparisonCsv({ pairs }: FolderComparison): string {
  const sideColumns = (side: string) =>
    ['file', 'prediction', 'prediction_std', 'quality', 'error'].map((c) => `${side}_${c}`);
  const values = (side: ComparedSide) => [
    side.file,
    side.prediction,
    side.prediction_std,
    side.quality,
    side.error?.message ?? null,
  ];
  const header = ['name', 'difference', ...sideColumns('a'), ...sideColumns('b')];
  return csvText([
    header,
    ...pairs.map(({ name, difference, a, b }) => [name, difference, ...values(a), ...values(b)]),
  ]);
}

function csvText(rows: (string | number | null)[][]): string {
  return rows.map((row) => `${row.map((v) => csvField(v === null ? '' : String(v))).join(',')}\n`).join('');
}

/** Thumbnails of the pairs that got worse most. */
function pairPictures({ pairs, a, b }: FolderComparison) {
  const worst = pairs.slice(0, PICTURED_PAIRS).filter((pair) => (pair.difference ?? 0) < 0);
  const thumbnail = (file: string) => looseThumbnail(file, THUMBNAIL_PX).catch(() => null);
  return Promise.all(
    worst.map(async (pair) => {
      const [first, second] = await Promise.all([
        thumbnail(path.join(a, pair.a.file)),
        thumbnail(path.join(b, pair.b.file)),
      ]);
      return { a: first, b: second };
    }),
  );
}

function csvResponse(text: string, headers: Record<string, string>): Response {
  return new Response(text, { headers: { ...headers, 'content-type': 'text/csv; charset=utf-8' } });
}

function attachment(file: string): Record<string, string> {
  return { 'content-disposition': `attachment; filename="${file}"` };
}

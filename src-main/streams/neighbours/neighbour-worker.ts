/** Worker thread of neighbour-search.ts: reads vectors through its own connection, holds them, and searches. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorShape, type ErrorShape } from '../../../src-shared/errors.ts';
import { openCatalogReader } from '../../catalog/reader.ts';
import { ResidentMatrices, type MatrixKey } from './resident-matrices.ts';

/** What the worker starts with. */
export type NeighbourWorkerData = { catalog: string; budgetBytes: number };
/** One search: a raw vector, and the image it is of (never its own neighbour). */
export type NeighbourQuery = { key: MatrixKey; image: number; vector: Float32Array; limit: number };
/** Images with their cosine, nearest first; how many were compared, and how long the search took. */
export type NeighbourResult = {
  hits: { image: number; cosine: number }[];
  searched: number;
  milliseconds: number;
};
export type NeighbourRequest =
  { id: number; query: NeighbourQuery } | { id: number; budgetBytes: number } | 'invalidate';
/** The result is null where nothing was searched; `bytes` are resident after it. */
export type NeighbourReply = { id: number; bytes: number } & (
  { result: NeighbourResult | null } | { error: ErrorShape }
);

const { catalog, budgetBytes } = workerData as NeighbourWorkerData;
const resident = new ResidentMatrices(openCatalogReader(catalog), budgetBytes);
const port = parentPort!;

port.on('message', (request: NeighbourRequest) => {
  if (request === 'invalidate') return resident.invalidate();
  let outcome: { result: NeighbourResult | null } | { error: ErrorShape };
  try {
    outcome = { result: perform(request) };
  } catch (error) {
    outcome = { error: errorShape(error) };
  }
  port.postMessage({ id: request.id, bytes: resident.bytes, ...outcome } satisfies NeighbourReply);
});

function perform(request: { query: NeighbourQuery } | { budgetBytes: number }): NeighbourResult | null {
  if ('query' in request) return search(request.query);
  resident.setBudget(request.budgetBytes);
  return null;
}

function search({ key, image, vector, limit }: NeighbourQuery): NeighbourResult {
  const { matrix, images } = resident.get(key);
  const start = performance.now();
  const hits = matrix
    .nearest(vector, limit + 1)
    .map(({ row, cosine }) => ({ image: images[row]!, cosine }))
    .filter((hit) => hit.image !== image)
    .slice(0, limit);
  return { hits, searched: images.length, milliseconds: performance.now() - start };
}

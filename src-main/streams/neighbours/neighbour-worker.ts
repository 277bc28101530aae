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
export type NeighbourRequest = { id: number; query: NeighbourQuery } | 'invalidate';
export type NeighbourReply = { id: number; result: NeighbourResult } | { id: number; error: ErrorShape };

const { catalog, budgetBytes } = workerData as NeighbourWorkerData;
const resident = new ResidentMatrices(openCatalogReader(catalog), budgetBytes);
const port = parentPort!;

port.on('message', (request: NeighbourRequest) => {
  if (request === 'invalidate') return resident.invalidate();
  const { id, query } = request;
  let reply: NeighbourReply;
  try {
    reply = { id, result: search(query) };
  } catch (error) {
    reply = { id, error: errorShape(error) };
  }
  port.postMessage(reply);
});

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

/** Entry of the analysis thread (analysis-thread.ts starts it): reads the catalog itself, and never writes. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorShape } from '../../src-shared/errors.ts';
import { openCatalogReader, type CatalogReader } from '../catalog/reader.ts';
import * as analyses from './analyse-runs.ts';
import type { AnalysisAnswer, AnalysisRequest } from './analysis-protocol.ts';

const reader = openCatalogReader((workerData as { catalog: string }).catalog);
const running = new Map<number, AbortController>();
const say = (answer: AnalysisAnswer): void => parentPort!.postMessage(answer);

type Analysis = (reader: CatalogReader, input: unknown, signal: AbortSignal) => unknown;

async function perform(request: Extract<AnalysisRequest, { type: 'ask' }>): Promise<void> {
  const control = new AbortController();
  running.set(request.id, control);
  try {
    const result = await (analyses[request.name] as Analysis)(reader, request.input, control.signal);
    say({ id: request.id, json: JSON.stringify(result) });
  } catch (error) {
    say({ id: request.id, error: errorShape(error) });
  } finally {
    running.delete(request.id);
  }
}

parentPort!.on('message', (request: AnalysisRequest) => {
  if (request.type === 'cancel') running.get(request.id)?.abort();
  else void perform(request);
});

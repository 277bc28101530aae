/** The trained heads of a stored run. */
import { StudioError } from '../../src-shared/errors.ts';
import type { CatalogReader } from '../catalog/reader.ts';
import type { StoredRun } from '../catalog/runs.ts';
import { parseHeads, type TrainedHead } from '../fusion/trained-head.ts';

/** Throws StudioError bad-input unless the run was trained here and is finished. */
export function requireHeads(run: Pick<StoredRun, 'id' | 'status' | 'kind'>): void {
  if (run.status === 'done' && run.kind === 'trained') return;
  throw new StudioError('bad-input', `Run ${run.id} has no trained heads (${run.kind}, ${run.status})`, {
    hint: 'Choose a finished run that was trained here: studio runs.',
  });
}

/** All heads of a finished run, all members of its parts in order. Throws StudioError as requireHeads and parseHeads do. */
export function readHeads(reader: CatalogReader, run: StoredRun): TrainedHead[] {
  requireHeads(run);
  return reader.runs.heads(run.id).flatMap(({ head }) => parseHeads(new Uint8Array(head)));
}

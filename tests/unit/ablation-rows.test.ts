import { describe, expect, it } from 'vitest';
import { gateStreamOf, parseExperimentSpec, runsOf } from '../../src-shared/experiment-spec.ts';
import {
  addRow,
  allSubsets,
  duplicateRow,
  everyGateInput,
  rowsOf,
  staticAndGated,
  streamsOfRow,
  withGate,
  type AblationRow,
  type Generated,
} from '../../src-renderer/ablation-rows.ts';

const STREAMS = ['nss', 'siglip-base', 'clip-h'];
const made = (generated: Generated): AblationRow[] => {
  if ('reason' in generated) throw new Error(generated.reason);
  return generated.rows;
};
/** The rows as runs, as the engine reads them. */
const runs = (ablation: AblationRow[]) =>
  runsOf(parseExperimentSpec({ train: 'a', streams: STREAMS, ablation })).map(({ label, spec }) => ({
    label,
    streams: spec.streams,
    gate: gateStreamOf(spec),
  }));

describe('generators', () => {
  it('make every combination of the streams once, small ones first', () => {
    const all = runs(made(allSubsets(STREAMS)));
    expect(all.map((run) => run.label)).toEqual([
      'nss',
      'siglip-base',
      'clip-h',
      'nss + siglip-base',
      'nss + clip-h',
      'siglip-base + clip-h',
      'nss + siglip-base + clip-h',
    ]);
    expect(all.map((run) => run.streams.join(' + '))).toEqual(all.map((run) => run.label));
    expect(made(allSubsets(Array.from({ length: 6 }, (_, i) => `s${i}`)))).toHaveLength(63);
    expect(allSubsets(Array.from({ length: 7 }, (_, i) => `s${i}`))).toHaveProperty('reason');
    expect(made(allSubsets([]))).toEqual([]);
  });

  it('make every row once static and once gated', () => {
    expect(runs(made(staticAndGated([])))).toEqual([
      { label: 'static', streams: STREAMS, gate: null },
      { label: 'gated', streams: STREAMS, gate: 'siglip-base' },
    ]);
    const rows = [{ label: 'x', streams: ['nss', 'clip-h'], fusion: { gate: 'nss', pca: 8 } }];
    expect(runs(made(staticAndGated(rows)))).toEqual([
      { label: 'x, static', streams: ['nss', 'clip-h'], gate: null },
      { label: 'x, gated', streams: ['nss', 'clip-h'], gate: 'clip-h' },
    ]);
    expect(made(staticAndGated(rows))[0]!.fusion).toEqual({ gate: null, pca: 8 });
    expect(staticAndGated(Array.from({ length: 33 }, () => ({ label: 'x' })))).toHaveProperty('reason');
  });

  it('compute the gates from every stream in turn', () => {
    expect(runs(made(everyGateInput(STREAMS))).map(({ gate }) => gate)).toEqual([null, ...STREAMS]);
  });
});

describe('rows', () => {
  it('are copied under a name of their own, right below', () => {
    const rows = [{ label: 'a', training: { epochs: 3 } }, { label: 'b' }];
    const copied = duplicateRow(duplicateRow(rows, 0), 0);
    expect(copied.map((row) => row.label)).toEqual(['a', 'a (3)', 'a (2)', 'b']);
    expect(copied[1]!['training']).toEqual({ epochs: 3 });
    expect(addRow(addRow([])).map((row) => row.label)).toEqual(['new row', 'new row (2)']);
  });

  it('fall back to the base', () => {
    expect(streamsOfRow({ label: 'a' }, STREAMS)).toEqual(STREAMS);
    expect(withGate({ label: 'a', fusion: { gate: null } }, undefined)).toEqual({ label: 'a' });
    expect(withGate({ label: 'a', fusion: { gate: null, pca: 8 } }, undefined)).toEqual({
      label: 'a',
      fusion: { pca: 8 },
    });
  });

  it('are read from any JSON', () => {
    expect(rowsOf({ ablation: [{ label: 'a' }, null, 'b', {}] })).toEqual([{ label: 'a' }, { label: '' }]);
    expect(rowsOf({ ablation: 'x' })).toEqual([]);
    expect(rowsOf(null)).toEqual([]);
  });
});

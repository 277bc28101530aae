/** The rows of an ablation, as the table edits them and as its generators make them. Pure. */
import { MAX_ABLATION_ROWS } from '../src-shared/spec-defaults.ts';
import { readAt } from './spec-draft.ts';

/** One row: what differs from the base. Fields that only the JSON knows (training, ensemble) are kept. */
export type AblationRow = {
  label: string;
  streams?: string[];
  fusion?: { gate?: string | null } & Record<string, unknown>;
} & Record<string, unknown>;

/** Rows made by a generator, or why there are none. */
export type Generated = { rows: AblationRow[] } | { reason: string };

/** The rows of a draft that are objects with a label. */
export function rowsOf(draft: unknown): AblationRow[] {
  const rows = readAt(draft, 'ablation');
  if (!Array.isArray(rows)) return [];
  return rows
    .filter((row): row is Record<string, unknown> => row !== null && typeof row === 'object')
    .map((row) => ({ ...row, label: typeof row['label'] === 'string' ? row['label'] : '' }));
}

/** The streams of a row: its own, else the base's. */
export function streamsOfRow(row: AblationRow, base: readonly string[]): readonly string[] {
  return Array.isArray(row.streams) ? row.streams : base;
}

/** The row with another gate; undefined is the base's. */
export function withGate(row: AblationRow, gate: string | null | undefined): AblationRow {
  const { fusion, ...rest } = row;
  const { gate: _old, ...others } = fusion ?? {};
  const changed = gate === undefined ? others : { ...others, gate };
  return Object.keys(changed).length === 0 ? rest : { ...rest, fusion: changed };
}

/** The rows with a copy of one right after it, under a name of its own. */
export function duplicateRow(rows: readonly AblationRow[], at: number): AblationRow[] {
  const row = rows[at];
  if (row === undefined) return [...rows];
  return [...rows.slice(0, at + 1), { ...row, label: freeLabel(rows, row.label) }, ...rows.slice(at + 1)];
}

/** The rows with a new one that is still the base. */
export function addRow(rows: readonly AblationRow[]): AblationRow[] {
  return [...rows, { label: freeLabel(rows, 'new row') }];
}

/** Every combination of the base's streams, small ones first: 2^k - 1 rows (paper, tables 3 and 4). */
export function allSubsets(streams: readonly string[]): Generated {
  if (2 ** streams.length - 1 > MAX_ABLATION_ROWS)
    return { reason: `${streams.length} streams have more than ${MAX_ABLATION_ROWS} combinations` };
  const subsets = Array.from({ length: 2 ** streams.length - 1 }, (_, i) =>
    streams.filter((_stream, s) => (((i + 1) >> s) & 1) === 1),
  );
  subsets.sort((a, b) => a.length - b.length);
  return { rows: subsets.map((subset) => ({ label: subset.join(' + '), streams: subset })) };
}

/** Every row (the base where there is none) once static and once with the default gates. */
export function staticAndGated(rows: readonly AblationRow[]): Generated {
  if (2 * rows.length > MAX_ABLATION_ROWS)
    return { reason: `${rows.length} rows become more than ${MAX_ABLATION_ROWS}` };
  const name = (label: string, how: string): string => (label === '' ? how : `${label}, ${how}`);
  const from = rows.length === 0 ? [{ label: '' }] : rows;
  return {
    rows: from.flatMap((row) => [
      withGate({ ...row, label: name(row.label, 'static') }, null),
      withGate({ ...row, label: name(row.label, 'gated') }, 'default'),
    ]),
  };
}

/** Static fusion, and gates computed from each of the base's streams in turn (paper, figure 5). */
export function everyGateInput(streams: readonly string[]): Generated {
  if (streams.length + 1 > MAX_ABLATION_ROWS) return { reason: 'too many streams' };
  return {
    rows: [
      { label: 'static', fusion: { gate: null } },
      ...streams.map((stream) => ({ label: `gate by ${stream}`, fusion: { gate: stream } })),
    ],
  };
}

function freeLabel(rows: readonly AblationRow[], label: string): string {
  const taken = new Set(rows.map((row) => row.label));
  const stem = label.replace(/ \(\d+\)$/, '');
  for (let n = 2; ; n++) {
    const name = n === 2 && !taken.has(stem) ? stem : `${stem} (${n})`;
    if (!taken.has(name)) return name;
  }
}

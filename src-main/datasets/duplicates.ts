/** Several rows of one image: identical ones collapse, conflicting ones are refused unless the person chose a rule. */
import type { ImportOptions, Label, ReadProblem } from '../../src-shared/dataset.ts';
import { StudioError } from '../../src-shared/errors.ts';
import type { LabelRow } from './label-table.ts';

/**
 * One row per file, in the order of first appearance. Throws 'conflict' naming images and rows where scores or
 * groups of one image differ and `rule` is not given. With 'mean' scores are averaged and differing deviations
 * dropped; with 'first' the first row stays. `conflicts` counts images, `removed` rows.
 */
export function collapseDuplicates(
  rows: LabelRow[],
  rule: ImportOptions['duplicates'],
  labelFile: string,
): { rows: LabelRow[]; removed: ReadProblem[]; conflicts: number } {
  const firstOf = new Map<string, LabelRow>();
  const repeats = new Map<LabelRow, LabelRow[]>();
  for (const row of rows) {
    const first = firstOf.get(row.file);
    if (first === undefined) {
      firstOf.set(row.file, row);
      continue;
    }
    const same = repeats.get(first);
    if (same === undefined) repeats.set(first, [first, row]);
    else same.push(row);
  }
  if (repeats.size === 0) return { rows, removed: [], conflicts: 0 };
  const conflicting = new Set(
    [...repeats.values()].filter((same) => same.some((row) => meaning(row) !== meaning(same[0]!))),
  );
  if (conflicting.size > 0 && rule === undefined) throw conflictError([...conflicting], labelFile);

  const kept = [...firstOf.values()].map((first) => {
    const same = repeats.get(first);
    return rule === 'mean' && same !== undefined && conflicting.has(same) ? meanRow(same) : first;
  });
  const removed = [...repeats.values()].flatMap((same) =>
    same.slice(1).map(({ name, row }): ReadProblem => {
      const how = conflicting.has(same) ? (rule === 'mean' ? 'averaged with' : 'dropped for') : 'same as';
      return { kind: 'duplicate', name, reason: `row ${row}: ${how} row ${same[0]!.row}` };
    }),
  );
  return { rows: kept, removed, conflicts: conflicting.size };
}

/** All that must agree for two rows to say the same. */
function meaning({ labels, group, reference, distortion, level, split }: LabelRow): string {
  return JSON.stringify([labels, group, reference, distortion, level, split]);
}

function meanRow(same: LabelRow[]): LabelRow {
  const first = same[0]!;
  const labels = first.labels.map((label): Label => {
    const all = same.flatMap((row) => row.labels.filter(({ name }) => name === label.name));
    const votes = all.map((one) => one.votes);
    return {
      name: label.name,
      mos: all.reduce((sum, one) => sum + one.mos, 0) / all.length,
      std: all.every((one) => one.std === label.std) ? label.std : null,
      votes: votes.includes(null) ? null : votes.reduce<number>((sum, n) => sum + n!, 0),
    };
  });
  return { ...first, labels };
}

function conflictError(conflicting: LabelRow[][], labelFile: string): StudioError {
  const examples = conflicting.slice(0, 3).map((same) => {
    const rows = same.map(({ row, labels }) => `row ${row} says ${labels.map(({ mos }) => mos).join(' / ')}`);
    return `${same[0]!.name}: ${rows.slice(0, 3).join(', ')}`;
  });
  const more = conflicting.length > 3 ? ` and ${conflicting.length - 3} more images` : '';
  return new StudioError('conflict', `Rows of the same image disagree (${examples.join('; ')}${more})`, {
    file: labelFile,
    hint: 'Correct the file, or choose: --duplicates mean (average the scores) or --duplicates first (keep the first row).',
  });
}

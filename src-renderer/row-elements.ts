/**
 * Which row of a long list each of a few row elements shows, after the rows that must be there have changed. A row that
 * is still wanted keeps its element, so that its focus and its loaded pictures stay; the elements of the others take the
 * new rows. Where more rows are wanted than there are elements the list grows; an element without a task keeps its old
 * row. No row is in the answer twice, however often it is wanted; `rows` must be an earlier answer.
 */
export function assignRows(rows: readonly number[], wanted: readonly number[]): number[] {
  const stays = new Set(wanted);
  const there = new Set(rows);
  const fresh = [...stays].filter((row) => !there.has(row));
  const next = rows.map((row) => (stays.has(row) ? row : (fresh.shift() ?? row)));
  return [...next, ...fresh];
}

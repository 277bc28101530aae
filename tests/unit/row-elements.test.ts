import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignRows } from '../../src-renderer/row-elements.ts';

test('a list that moves by a row changes one element', () => {
  expect(assignRows([], [0, 1, 2, 3, 0])).toEqual([0, 1, 2, 3]);
  expect(assignRows([0, 1, 2, 3], [1, 2, 3, 4])).toEqual([4, 1, 2, 3]);
  expect(assignRows([4, 1, 2, 3], [2, 3, 4, 5, 0])).toEqual([4, 5, 2, 3, 0]);
});

test('over any way through a list every wanted row is there once, in the element that it had', () => {
  const wanted = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 9 });
  fc.assert(
    fc.property(fc.array(wanted, { minLength: 1, maxLength: 20 }), (way) => {
      let rows: number[] = [];
      let most = 0;
      for (const step of way) {
        const next = assignRows(rows, step);
        expect(new Set(next).size).toBe(next.length);
        for (const row of step) expect(next).toContain(row);
        rows.forEach((row, element) => {
          if (step.includes(row)) expect(next[element]).toBe(row);
        });
        most = Math.max(most, new Set(step).size);
        rows = next;
      }
      expect(rows.length).toBe(most);
    }),
  );
});

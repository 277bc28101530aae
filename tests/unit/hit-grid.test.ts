/** The grid that finds the point under the pointer, against a search over all points. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HitGrid } from '../../src-renderer/charts/hit-grid.ts';

/** The nearest closer than `reach`, the first of equals, by looking at every point. */
function searchAll(points: [number, number][], x: number, y: number, reach: number): number | null {
  let best: number | null = null;
  let least = reach ** 2;
  points.forEach(([px, py], i) => {
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

const place = fc.double({ min: -50, max: 900, noNaN: true });

describe('hit grid', () => {
  it('finds what a search over all points finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, place), { maxLength: 200 }),
        fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0.5, max: 60, noNaN: true }),
        (points, pointers, reach) => {
          const grid = new HitGrid(
            points.map(([x]) => x),
            points.map(([, y]) => y),
            reach,
          );
          for (const [x, y] of pointers) expect(grid.nearest(x, y)).toBe(searchAll(points, x, y, reach));
        },
      ),
    );
  });

  it('leaves out points that are nowhere', () => {
    const grid = new HitGrid([NaN, 5, 5], [5, Infinity, 6], 4);
    expect(grid.nearest(5, 5)).toBe(2);
    expect(grid.nearest(50, 5)).toBeNull();
  });
});

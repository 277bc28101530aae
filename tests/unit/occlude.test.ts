import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { occlusionGrid } from '../../src-shared/inspect.ts';
import { coverOf, gridCells, occlude } from '../../src-main/images/occlude.ts';
import { naturalPicture } from '../fixtures/natural-picture.ts';

const size = fc.record({ width: fc.integer({ min: 1, max: 300 }), height: fc.integer({ min: 1, max: 300 }) });

describe('the grid of an occlusion map', () => {
  it('has the asked cells along the longer side, squares as near as they go', () => {
    expect(occlusionGrid({ width: 1024, height: 768 }, 8)).toEqual({ rows: 6, columns: 8 });
    expect(occlusionGrid({ width: 768, height: 1024 }, 8)).toEqual({ rows: 8, columns: 6 });
    expect(occlusionGrid({ width: 4000, height: 100 }, 8)).toEqual({ rows: 1, columns: 8 });
    expect(occlusionGrid({ width: 3, height: 3 }, 16)).toEqual({ rows: 3, columns: 3 });
  });

  it('covers every pixel exactly once', () => {
    fc.assert(
      fc.property(size, fc.constantFrom(4, 8, 16), (picture, cells) => {
        const seen = new Uint8Array(picture.width * picture.height);
        for (const cell of gridCells(picture, occlusionGrid(picture, cells))) {
          expect(cell.right).toBeGreaterThan(cell.left);
          expect(cell.bottom).toBeGreaterThan(cell.top);
          for (let y = cell.top; y < cell.bottom; y++)
            for (let x = cell.left; x < cell.right; x++) seen[y * picture.width + x]!++;
        }
        expect(seen.every((times) => times === 1)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a covered picture', () => {
  const picture = naturalPicture(60, 40, 3);
  const cell = { left: 10, top: 8, right: 31, bottom: 20 };
  const inside = (i: number): boolean => {
    const x = Math.floor(i / 3) % 60;
    const y = Math.floor(i / 180);
    return x >= cell.left && x < cell.right && y >= cell.top && y < cell.bottom;
  };

  it.each(['mean', 'grey', 'blur'] as const)('differs within the cell only, filled with %s', async (fill) => {
    const before = Uint8Array.from(picture.data);
    const cover = await coverOf(picture, fill, 20);
    const { data } = occlude(picture, cover, cell);
    expect(picture.data).toEqual(before); // the original is left alone
    expect(data.every((value, i) => value === (inside(i) ? cover.data[i] : picture.data[i]))).toBe(true);
    if (fill === 'grey') expect(new Set(cover.data)).toEqual(new Set([128]));
    if (fill === 'mean') {
      const red = picture.data.filter((_, i) => i % 3 === 0);
      expect(cover.data[0]).toBe(Math.round(red.reduce((a, b) => a + b, 0) / red.length));
    }
    if (fill === 'blur') {
      // Structure: what a pixel and its right neighbour differ by.
      const structure = (bytes: Uint8Array): number =>
        bytes.reduce((sum, b, at) => sum + Math.abs(b - (bytes[at + 3] ?? b)), 0);
      expect(structure(cover.data)).toBeLessThan(structure(picture.data) / 2);
      const mean = (bytes: Uint8Array): number => bytes.reduce((a, b) => a + b, 0) / bytes.length;
      expect(Math.abs(mean(cover.data) - mean(picture.data))).toBeLessThan(3);
    }
  });
});

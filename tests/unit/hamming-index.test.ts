import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HammingIndex } from '../../src-main/streams/fingerprints/hamming-index.ts';

function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  a.forEach((byte, i) => {
    for (let rest = byte ^ b[i]!; rest > 0; rest >>= 1) bits += rest & 1;
  });
  return bits;
}

const hash = fc.uint8Array({ minLength: 8, maxLength: 8 });

describe('HammingIndex', () => {
  it('finds what a comparison with every row finds, at every radius', () => {
    fc.assert(
      fc.property(
        fc.array(hash, { minLength: 0, maxLength: 40 }),
        hash,
        // Few random hashes are near: some rows are the query with these bits flipped.
        fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: 14 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 11 }),
        (others, query, flips, radius) => {
          const near = flips.map((bits) => {
            const flipped = query.slice();
            for (const bit of bits) flipped[bit >> 3]! ^= 1 << (bit & 7);
            return flipped;
          });
          const rows = [...others, ...near];
          const expected = rows
            .map((row, i) => ({ row: i, distance: distance(query, row) }))
            .filter((found) => found.distance <= radius);
          expect(new HammingIndex(rows).within(query, radius)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answers the same a second time, and refuses a radius that its bands do not cover', () => {
    const rows = [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9)];
    const index = new HammingIndex(rows);
    const found = [
      { row: 0, distance: 0 },
      { row: 1, distance: 1 },
    ];
    expect(index.within(rows[0]!, 1)).toEqual(found);
    expect(index.within(rows[0]!, 1)).toEqual(found);
    expect(() => index.within(rows[0]!, 12)).toThrow(RangeError);
  });
});

import { describe, expect, it } from 'vitest';
import { NeighbourMatrix } from '../../src-main/streams/neighbours/matrix.ts';
import { ResidentMatrices } from '../../src-main/streams/neighbours/resident-matrices.ts';

const ROWS = 100;
const DIMENSION = 32;
const ONE = NeighbourMatrix.bytesOf(ROWS, DIMENSION);

/** A catalog in which every scope has the same 100 vectors; counts loads and lets the stamp change. */
function catalogOf() {
  const state = { loads: [] as (number | null)[], stamp: 'first' };
  const neighbours = {
    stamp: () => state.stamp,
    read<T>(
      scope: number | null,
      _key: unknown,
      use: (n: number, rows: IterableIterator<[number, Buffer]>) => T,
    ): T {
      state.loads.push(scope);
      const rows = Array.from({ length: ROWS }, (_, i): [number, Buffer] => [
        i,
        Buffer.from(Float32Array.from({ length: DIMENSION }, (_v, d) => i + d).buffer),
      ]);
      return use(ROWS, rows.values());
    },
  };
  return { state, reader: { neighbours } };
}

const keyOf = (scope: number) => ({ stream: 's', version: '1', scope, zScored: false });

describe('resident matrices', () => {
  it('stay within the budget; the least recently used goes first', () => {
    const { state, reader } = catalogOf();
    const resident = new ResidentMatrices(reader, 2 * ONE);
    for (const scope of [1, 2, 1, 3]) resident.get(keyOf(scope)); // 3 drives out 2, not 1
    expect(resident.bytes).toBe(2 * ONE);
    resident.get(keyOf(1));
    expect(state.loads).toEqual([1, 2, 3]);
    resident.get(keyOf(2));
    expect(state.loads).toEqual([1, 2, 3, 2]);
    expect(resident.bytes).toBe(2 * ONE);
  });

  it('are loaded again only where an invalidation finds another state of the catalog', () => {
    const { state, reader } = catalogOf();
    const resident = new ResidentMatrices(reader, ONE);
    resident.get(keyOf(1));
    resident.invalidate();
    resident.get(keyOf(1));
    expect(state.loads).toHaveLength(1);
    state.stamp = 'second';
    resident.get(keyOf(1)); // nobody said that something changed
    expect(state.loads).toHaveLength(1);
    resident.invalidate();
    resident.get(keyOf(1));
    expect(state.loads).toHaveLength(2);
  });

  it('that can not fit are refused, with the memory that they need', () => {
    const { reader } = catalogOf();
    expect(() => new ResidentMatrices(reader, ONE - 1).get(keyOf(1))).toThrow(
      expect.objectContaining({
        code: 'not-available',
        hint: expect.stringContaining('Allow 1 MB or more in the Settings') as string,
      }) as Error,
    );
  });

  it('over a smaller budget go at once, and come back with a larger one', () => {
    const { state, reader } = catalogOf();
    const resident = new ResidentMatrices(reader, 3 * ONE);
    for (const scope of [1, 2, 3]) resident.get(keyOf(scope));
    resident.setBudget(ONE);
    expect(resident.bytes).toBe(ONE);
    resident.get(keyOf(3));
    expect(state.loads).toEqual([1, 2, 3]);
    resident.setBudget(2 * ONE);
    resident.get(keyOf(1));
    expect(resident.bytes).toBe(2 * ONE);
  });
});

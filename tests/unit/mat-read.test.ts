import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMat } from '../../src-main/datasets/mat.ts';
import type { MatValue } from '../../src-main/datasets/mat.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { MatWriter } from './mat-writer.ts';

/** Written by SciPy 1 (savemat, do_compression): names {a.bmp, ü.JPG, c c.png}, scores [1.5 2.5 -3e10], bytes uint8 [1 2; 3 4], s a struct. */
const SCIPY_FILE =
  'TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFN1biBOb3YgMjIgMTc6MjQ6MTMgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAVAAAAHic42NgYPgAxGxAzAHEjAwQwArlM0PFGKFieYm5qcVAmg+ILZD0saDpg6mHmScA5SfqJeUWkKkfpPbwHj2vAHfi9LOj6QfxkxWS9Qry0hkACicLdg8AAAA6AAAAeJzjY2BgCABiNiDmgNIgwArlMwIxM5QGyRUn5xelFjMwcALZEgww8MMeQrM4AIkNfR+kDwEAr6kHwQ8AAAAsAAAAeJzjY2BgsABiNiDmAGJOBghghfKZoJgRKpZUWZJaDBZjYWBkZmIBADatAqwPAAAANwAAAHic42NgYKgAYjYg5gBiJgYIYIXyGeGYkaEYLM4CVsMIJEH6+IDYAkk/H079EMCDJA4CALLmAig=';

function cellTexts(value: MatValue | undefined): string[] {
  if (value?.kind !== 'cell') return [];
  return value.cells.map((cell) => (cell.kind === 'text' ? cell.text : cell.kind));
}

describe('readMat', () => {
  it('reads a file that SciPy wrote, and skips its struct', () => {
    const variables = readMat(Buffer.from(SCIPY_FILE, 'base64'), 'x.mat');
    expect([...variables.keys()]).toEqual(['names', 'scores', 'bytes']);
    expect(cellTexts(variables.get('names'))).toEqual(['a.bmp', 'ü.JPG', 'c c.png']);
    expect(variables.get('scores')).toEqual({
      kind: 'numeric',
      dims: [1, 3],
      values: Float64Array.of(1.5, 2.5, -3e10),
    });
    expect(variables.get('bytes')).toEqual({
      kind: 'numeric',
      dims: [2, 2],
      values: Float64Array.of(1, 3, 2, 4),
    });
  });

  it('reads numbers of every stored type, texts and cells, both byte orders, compressed or not', () => {
    const integers = (min: number, max: number) =>
      fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 40 });
    const stored = fc.oneof(
      fc.tuple(fc.constant([1, 1] as const), integers(-128, 127)),
      fc.tuple(fc.constant([2, 1] as const), integers(0, 255)),
      fc.tuple(fc.constant([3, 2] as const), integers(-32768, 32767)),
      fc.tuple(fc.constant([5, 4] as const), integers(-(2 ** 31), 2 ** 31 - 1)),
      fc.tuple(
        fc.constant([7, 4] as const),
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 40 }),
      ),
      fc.tuple(fc.constant([9, 8] as const), fc.array(fc.double(), { minLength: 1, maxLength: 40 })),
    );
    const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        stored,
        texts,
        fc.boolean(),
        fc.boolean(),
        ([[type, bytes], values], names, little, compressed) => {
          const writer = new MatWriter(little);
          const file = writer.file(
            [
              writer.matrix(
                'scores',
                6,
                [1, values.length],
                [writer.element(type, writer.numbers(type, bytes, values), true)],
              ),
              writer.matrix(
                'names',
                1,
                [names.length, 1],
                names.map((name) => writer.text(name)),
              ),
            ],
            compressed,
          );
          const variables = readMat(file, 'x.mat');
          expect(variables.get('scores')).toEqual({
            kind: 'numeric',
            dims: [1, values.length],
            values: Float64Array.from(values),
          });
          expect(cellTexts(variables.get('names'))).toEqual(names);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('answers any damage with a StudioError that names the file', () => {
    const writer = new MatWriter(true);
    const plain = writer.file(
      [writer.matrix('m', 6, [2, 2], [writer.element(9, writer.numbers(9, 8, [1, 2, 3, 4]))])],
      false,
    );
    for (const valid of [Buffer.from(SCIPY_FILE, 'base64'), plain]) {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 }),
          fc.nat(valid.length),
          (edits, end) => {
            const bytes = Buffer.from(valid);
            for (const [at, value] of edits) bytes[at] = value;
            try {
              readMat(bytes.subarray(0, end), 'x.mat');
            } catch (error) {
              expect(error).toBeInstanceOf(StudioError);
              expect(error).toMatchObject({ code: 'bad-input', file: 'x.mat' });
            }
          },
        ),
        { numRuns: 500 },
      );
    }
  });

  it('refuses a zip bomb, lying sizes and deep nesting without spending memory', () => {
    const writer = new MatWriter(true);
    const packed = deflateSync(Buffer.alloc(300 * 1024 * 1024));
    const bomb = Buffer.concat([writer.file([], false), writer.numbers(6, 4, [15, packed.length]), packed]);
    expect(() => readMat(bomb, 'x.mat')).toThrow(/does not inflate/);
    const cells = writer.file([writer.matrix('c', 1, [2 ** 30, 1], [])], false);
    expect(() => readMat(cells, 'x.mat')).toThrow(/1073741824 cells/);
    const numbers = writer.file(
      [writer.matrix('n', 6, [1, 1000], [writer.element(9, writer.numbers(9, 8, [1]))])],
      false,
    );
    expect(() => readMat(numbers, 'x.mat')).toThrow(/1 values for a size of 1 x 1000/);
    let nested = writer.matrix('', 6, [1, 1], [writer.element(9, writer.numbers(9, 8, [1]))]);
    for (let depth = 0; depth < 20; depth++) nested = writer.matrix('', 1, [1, 1], [nested]);
    expect(() => readMat(writer.file([nested], false), 'x.mat')).toThrow(/nested too deep/);
  });

  it('says how to save a 7.3 file', () => {
    const file = Buffer.alloc(600);
    file.write('MATLAB 7.3 MAT-file, Platform: GLNXA64');
    expect(() => readMat(file, 'x.mat')).toThrow(
      expect.objectContaining({ code: 'bad-input', hint: expect.stringContaining('-v7') }),
    );
  });
});

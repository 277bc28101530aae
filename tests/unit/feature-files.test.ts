import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { csvField } from '../../src-shared/csv-field.ts';
import { StudioError } from '../../src-shared/errors.ts';
import { featureCsvLines, readFeatureFile, writeNpz } from '../../src-main/streams/feature-files.ts';
import { writeNpyFloats, writeNpyStrings } from '../../src-main/streams/npy.ts';
import { temporaryFolders } from '../fixtures/studio-process.ts';
import * as numpy from './npy-numpy-files.ts';

const folder = temporaryFolders()('features');
/** Writes a file and gives its path. */
function file(name: string, content: string | Uint8Array): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}
const vectors = (...rows: number[][]) => rows.map((row) => Float32Array.from(row));

describe('reading', () => {
  it('takes what numpy.savez_compressed wrote, rows by name', async () => {
    expect(await readFeatureFile(file('n.npz', Buffer.from(numpy.NPZ, 'base64')))).toEqual({
      names: ['b.png', 'a.png'],
      columns: null,
      dimension: 3,
      rows: vectors([1, 2, 3], [4, 5, 6]),
    });
  });

  it('takes a bare .npy as rows in label order', async () => {
    const table = await readFeatureFile(file('n.npy', Buffer.from(numpy.FLOAT64, 'base64')));
    expect(table).toEqual({ names: null, columns: null, dimension: 2, rows: vectors([0.1, 2], [3, -4.5]) });
  });

  it('takes a CSV with quotes, a byte order mark and CRLF', async () => {
    const text = '\ufeffimage,"a, b",c\r\n"x ""1"".png",1,-2.5e-3\r\n\r\ny.png, 3 ,4\r\n';
    expect(await readFeatureFile(file('q.csv', text))).toEqual({
      names: ['x "1".png', 'y.png'],
      columns: ['a, b', 'c'],
      dimension: 2,
      rows: vectors([1, -0.0025], [3, 4]),
    });
  });
});

const npz = (entries: Record<string, Uint8Array>) => zipSync(entries);
const twoRows = writeNpyFloats(Float32Array.of(1, 2, 3, 4), 2, 2);
describe('refusing, with the file and what to do', () => {
  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['an empty file', 'a.csv', '', /no rows/],
    ['a header alone', 'b.csv', 'image,a\n', /no rows/],
    ['no columns', 'c.csv', 'image\nx.png\n', /0 dimensions/],
    ['a row that is too short', 'd.csv', 'image,a,b\nx.png,1\n', /Record Length|values/],
    ['a text among the numbers', 'e.csv', 'image,a\nx.png,high\n', /row 1, dimension 0/],
    ['an empty cell', 'f.csv', 'image,a,b\nx.png,1,\n', /row 1, dimension 1/],
    ['infinity', 'g.csv', 'image,a\nx.png,Infinity\n', /not a finite/],
    ['a number beyond float32', 'h.csv', 'image,a\nx.png,1e300\n', /not a finite/],
    ['an image named twice', 'i.csv', 'image,a\nx.png,1\nx.png,2\n', /"x.png" twice/],
    ['an open quote', 'j.csv', 'image,a\n"x.png,1\n', /Quote/i],
    ['another ending', 'k.txt', 'image,a\n', /end in/],
    ['a web page', 'l.csv', '<!doctype html>\n<html><body>404</body></html>\n', /./],
    ['a zip without x', 'm.npz', npz({ 'names.npy': writeNpyStrings(['a']) }), /no array "x"/],
    ['no zip', 'n.npz', 'not a zip', /./],
    ['a cut zip', 'o.npz', Buffer.from(numpy.NPZ, 'base64').subarray(0, 200), /./],
    [
      'more names than rows',
      'p.npz',
      npz({ 'x.npy': twoRows, 'names.npy': writeNpyStrings(['a', 'b', 'c']) }),
      /3 names for 2/,
    ],
    [
      'names that are numbers',
      'q.npz',
      npz({ 'x.npy': twoRows, 'names.npy': writeNpyFloats(Float32Array.of(1, 2), 2, 1) }),
      /no text/,
    ],
    ['a billion empty rows', 'r.npy', writeNpyFloats(new Float32Array(0), 1e9, 0), /empty/],
    ['a vector', 's.npy', Buffer.from(numpy.TEXTS, 'base64'), /not a numeric matrix/],
  ])('%s', async (_what, name, content, message) => {
    const full = file(name, content);
    const error = await readFeatureFile(full).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({
      code: 'bad-input',
      file: full,
      message: expect.stringMatching(message) as string,
    });
    expect((error as StudioError).hint).toBeTruthy();
  });

  it('a file that is not there', async () => {
    const missing = path.join(folder, 'missing.npz');
    await expect(readFeatureFile(missing)).rejects.toMatchObject({ code: 'not-found', file: missing });
    await expect(readFeatureFile(missing)).rejects.toBeInstanceOf(StudioError);
  });

  it('an NPZ with any bytes changed, only as a StudioError', async () => {
    const good = Buffer.from(numpy.NPZ, 'base64');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        async (changes) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          const outcome = await readFeatureFile(file('z.npz', bytes)).catch((e: unknown) => e);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(StudioError);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('round trip', () => {
  const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((s) => s.trim() === s && !/[\0\ufeff]/.test(s));
  const table = fc
    .tuple(
      fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
      fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    )
    .chain(([names, columns]) =>
      fc.record({
        names: fc.constant(names),
        columns: fc.constant(columns),
        rows: fc.array(
          fc
            .array(finite, { minLength: columns.length, maxLength: columns.length })
            .map((r) => Float32Array.from(r)),
          { minLength: names.length, maxLength: names.length },
        ),
      }),
    );
  const same = (read: Float32Array[], written: Float32Array[]) =>
    // A CSV of -0 reads as 0 in some tools; as numbers they are equal.
    expect(read.map((r) => Array.from(r, (v) => v + 0))).toEqual(
      written.map((r) => Array.from(r, (v) => v + 0)),
    );

  it('of NPZ is exact', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ names, columns, rows }) => {
        const read = await readFeatureFile(file('t.npz', writeNpz(names, columns, rows)));
        expect(read).toMatchObject({ names, columns });
        same(read.rows, rows);
      }),
      { numRuns: 60 },
    );
  });

  it('of CSV is exact to the last bit of a float32', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ names, columns, rows }) => {
        const read = await readFeatureFile(
          file('t.csv', [...featureCsvLines(names, columns, rows)].join('')),
        );
        expect(read).toMatchObject({ names, columns });
        same(read.rows, rows);
      }),
      { numRuns: 120 },
    );
  });

  it('quotes a field only where it must', () => {
    expect(['plain', 'a,b', 'say "x"', 'two\nlines'].map(csvField)).toEqual([
      'plain',
      '"a,b"',
      '"say ""x"""',
      '"two\nlines"',
    ]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openCsv, parseNumber, parseOptional, readCsvRows } from '../../src-main/datasets/csv.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(content: string | Buffer): string {
  const file = path.join(folder, 'labels.csv');
  writeFileSync(file, content);
  return file;
}

async function readAll(
  content: string | Buffer,
): Promise<{ columns: string[]; rows: string[][]; numbers: number[] }> {
  const table = await openCsv(write(content));
  const rows: string[][] = [];
  const numbers: number[] = [];
  await readCsvRows(table, (cells, number) => {
    rows.push(cells);
    numbers.push(number);
  });
  return { columns: table.columns, rows, numbers };
}

describe('readCsvRows', () => {
  const expected = {
    columns: ['name', 'mos'],
    rows: [
      ['a.jpg', '1,5'],
      ['b.jpg', '2,5'],
    ],
    numbers: [2, 3],
  };

  it.each([
    ['semicolons and decimal commas', 'name;mos\na.jpg;1,5\nb.jpg;2,5\n'],
    ['tabs and CRLF', 'name\tmos\r\na.jpg\t1,5\r\nb.jpg\t2,5\r\n'],
    ['quotes, spaces, no last line end', '"name" , "mos"\n"a.jpg", "1,5"\nb.jpg ,"2,5"'],
    ['byte order mark', '\ufeffname;mos\na.jpg;1,5\nb.jpg;2,5\n'],
    ['Excel’s sep= line', 'sep=;\nname;mos\na.jpg;1,5\nb.jpg;2,5\n'],
    ['CR line ends', 'name;mos\ra.jpg;1,5\rb.jpg;2,5\r'],
    ['blank lines', 'name;mos\n\na.jpg;1,5\n\nb.jpg;2,5\n\n'],
    ['a delimiter at the end of each row', 'name;mos\na.jpg;1,5;\nb.jpg;2,5;;\n'],
  ])('%s', async (_, text) => {
    expect(await readAll(text)).toEqual(expected);
  });

  it('reads UTF-16 of both byte orders', async () => {
    const little = Buffer.from('\ufeffname;mos\na.jpg;1,5\nb.jpg;2,5\n', 'utf16le');
    expect(await readAll(little)).toEqual(expected);
    expect(await readAll(Buffer.from(little).swap16())).toEqual(expected);
  });

  it('keeps delimiters, line ends and quotes inside quotes, and fills short rows', async () => {
    const { columns, rows } = await readAll('name,prompt,mos\na.jpg,"one, two\nthree ""x""",3\nb.jpg,ü\n');
    expect(columns).toEqual(['name', 'prompt', 'mos']);
    expect(rows).toEqual([
      ['a.jpg', 'one, two\nthree "x"', '3'],
      ['b.jpg', 'ü', ''],
    ]);
  });

  it('names columns without a name', async () => {
    expect((await readAll(',name\n0,a.jpg\n')).columns).toEqual(['column 1', 'name']);
  });

  it('gives back what was written, whatever it is', async () => {
    const cell = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((text) => text.replaceAll('\0', '').trim());
    const row = fc.tuple(cell, cell).map(([a, b]) => [`x${a}`, b] as [string, string]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t'),
        async (rows, delimiter) => {
          const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const text = [['name', 'mos'], ...rows].map((cells) => cells.map(quote).join(delimiter)).join('\n');
          // All cells are quoted, so the header tells the delimiter.
          expect((await readAll(text)).rows).toEqual(rows);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('stops when cancelled', async () => {
    const table = await openCsv(write('name,mos\na.jpg,1\nb.jpg,2\n'));
    await expect(readCsvRows(table, () => {}, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('refused, with file and remedy', () => {
  it.each([
    ['a web page', '\n<!DOCTYPE html><html><body>Sign in</body></html>', /HTML/],
    ['a workbook', 'PK\x03\x04rest', /Excel/],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /LFS/],
    ['nothing', '  \n \n', /empty/],
    ['binary', 'name,mos\na\0b,1\n', /not text/],
    ['a column twice', 'name,mos,mos\na.jpg,1,2\n', /"mos" comes twice/],
    [
      'a delimiter outside quotes',
      'name,prompt,mos\na.jpg,one, two,3\n',
      /Row 2 has 4 cells, the header has 3/,
    ],
    ['an unclosed quote', 'name,mos\na.jpg,1\n"b.jpg,2\n', /breaks after row 2/],
    ['Latin-1', Buffer.from('name,mos\nBl\xe4tter.jpg,1\n', 'latin1'), /not valid UTF-8/],
  ])('%s', async (_, content, message) => {
    await expect(readAll(content)).rejects.toMatchObject({
      code: 'bad-input',
      message,
      file: path.join(folder, 'labels.csv'),
      hint: expect.stringMatching(/\w/),
    });
  });

  it('a missing file', async () => {
    await expect(openCsv(path.join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('parseNumber', () => {
  it.each([
    ['3', 3],
    [' -3.25 ', -3.25],
    ['3,25', 3.25],
    ['.5', 0.5],
    ['1e-3', 0.001],
    ['32.200000000000003', 32.2],
  ])('%j is %d', (text, value) => expect(parseNumber(text)).toBe(value));

  it.each(['', 'NaN', 'nan', 'NA', '#REF!', '1.234,5', '0x10', 'Infinity', '3 of 5', '1,2,3'])(
    '%j is no number',
    (text) => {
      expect(parseNumber(text)).toBeNaN();
      expect(parseOptional(text)).toBeNull();
    },
  );

  it('reads back every number that JavaScript writes', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value) => parseNumber(String(value)) === value,
      ),
    );
  });
});

/** CSV label files: header first, then row by row, over csv-parse. The rules are in docs/data.md, "CSV". */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { decodeText, openText, sniffCsv } from './csv-text.ts';
import type { CsvDialect } from './csv-text.ts';

/** Rows read with the header, to tell what the columns hold. */
const SAMPLE_ROWS = 50;
/** One row longer than this is an unclosed quote. */
const MAX_ROW_CHARACTERS = 1_000_000;

/** An opened CSV file: its columns and first rows. Reading all rows is readCsvRows. */
export type CsvTable = {
  /** Absolute path. */
  file: string;
  /** Trimmed; a column without a name is called "column N" (1-based). */
  columns: string[];
  sample: string[][];
  dialect: CsvDialect;
};

/** Opens a CSV. Throws 'bad-input' for what is no CSV, a broken header or a column name that comes twice. */
export async function openCsv(file: string): Promise<CsvTable> {
  const dialect = await sniffCsv(file);
  const records: string[][] = [];
  await streamRecords(file, dialect, (cells) => records.push(cells), { rows: SAMPLE_ROWS + 1 });
  const [header, ...sample] = records;
  if (header === undefined) {
    throw new StudioError('bad-input', 'The label file has no header line', {
      file,
      hint: 'Copy or download it again.',
    });
  }
  const columns = header.map((name, position) => (name === '' ? `column ${position + 1}` : name));
  const twice = columns.find((name, position) => columns.indexOf(name) !== position);
  if (twice !== undefined) {
    throw new StudioError('bad-input', `The column "${twice}" comes twice in the label file`, {
      file,
      hint: 'Rename or remove one of them.',
    });
  }
  return { file, columns, sample, dialect };
}

/**
 * Calls `onRow` for every data row with one cell per column (missing ones are empty) and its row number, the header
 * being row 1 as in a spreadsheet. Throws 'bad-input' for a row with more cells than the header or a broken quote,
 * 'cancelled'.
 */
export async function readCsvRows(
  table: CsvTable,
  onRow: (cells: string[], row: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const width = table.columns.length;
  await streamRecords(
    table.file,
    table.dialect,
    (cells, row) => {
      if (row === 1) return;
      while (cells.length > width && cells.at(-1) === '') cells.pop();
      if (cells.length > width) {
        throw new StudioError('bad-input', `Row ${row} has ${cells.length} cells, the header has ${width}`, {
          file: table.file,
          hint: 'Put text that holds the delimiter into double quotes.',
        });
      }
      while (cells.length < width) cells.push('');
      onRow(cells, row);
    },
    signal === undefined ? {} : { signal },
  );
}

/**
 * A cell as a number, NaN where it is none (empty, "NaN", "#REF!"). A decimal comma is read as a point; thousands
 * separators are not read.
 */
export function parseNumber(text: string): number {
  const plain = text.trim();
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(plain)) return Number.NaN;
  return Number(plain.replace(',', '.'));
}

/** parseNumber with null instead of NaN and of infinity. */
export function parseOptional(text: string | undefined): number | null {
  const value = parseNumber(text ?? '');
  return Number.isFinite(value) ? value : null;
}

/** Calls `onRecord` for each record, the header included (row 1), at most `rows` of them. */
async function streamRecords(
  file: string,
  dialect: CsvDialect,
  onRecord: (cells: string[], row: number) => void,
  { rows = Infinity, signal }: { rows?: number; signal?: AbortSignal },
): Promise<void> {
  const parser = parse({
    delimiter: dialect.delimiter,
    from_line: dialect.skipLines + 1,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  const text = Readable.from(decodeText(openText(file), dialect.encoding, file));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  let row = 0;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (signal?.aborted) throw new StudioError('cancelled', 'The scan was cancelled');
      onRecord(cells, ++row);
      if (row >= rows) break;
    }
  } catch (error) {
    throw csvFailure(error, file, row);
  } finally {
    text.destroy();
  }
}

function csvFailure(error: unknown, file: string, row: number): StudioError {
  if (error instanceof StudioError) return error;
  if (error instanceof CsvError) {
    return new StudioError('bad-input', `The label file breaks after row ${row}: ${error.message}`, {
      file,
      hint: 'Look for a quote that is opened and not closed.',
    });
  }
  return StudioError.fromShape(errorShape(error, file));
}

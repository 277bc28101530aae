/** Feature files: what `studio features export` writes and `studio features import` reads (CSV, NPZ, NPY). */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse';
import { unzipSync, zipSync } from 'fflate';
import { csvField } from '../../src-shared/csv-field.ts';
import { StudioError, errorShape } from '../../src-shared/errors.ts';
import { parseNpy, writeNpyFloats, writeNpyStrings } from './npy.ts';

/** A feature matrix with image names; `names` is null for a bare .npy in label order. */
export type FeatureTable = {
  names: string[] | null;
  columns: string[] | null;
  dimension: number;
  rows: Float32Array[];
};

const MAX_DIMENSION = 65536;

/** Reads a CSV (image, then columns), NPZ (names, x) or NPY (label order); throws StudioError naming the file. */
export async function readFeatureFile(file: string): Promise<FeatureTable> {
  const table = await readByExtension(file).catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
  if (table.rows.length === 0) throw bad(file, 'it has no rows');
  if (table.dimension === 0 || table.dimension > MAX_DIMENSION)
    throw bad(file, `it has ${table.dimension} dimensions`);
  table.rows.forEach((row, i) => {
    if (row.length !== table.dimension)
      throw bad(file, `row ${i + 1} has ${row.length} values, the first has ${table.dimension}`);
    const k = row.findIndex((v) => !Number.isFinite(v));
    if (k >= 0) throw bad(file, `row ${i + 1}, dimension ${k} is not a finite number`);
  });
  const twice = firstRepeated(table.names ?? []);
  if (twice !== null) throw bad(file, `it names "${twice}" twice`);
  return table;
}

async function readByExtension(file: string): Promise<FeatureTable> {
  switch (path.extname(file).toLowerCase()) {
    case '.csv':
      return readCsv(file);
    case '.npz':
      return readNpz(file, await readFile(file));
    case '.npy': {
      const { rows, dimension } = matrix(file, await readFile(file));
      return { names: null, columns: null, dimension, rows };
    }
    default:
      throw new StudioError('bad-input', 'Feature files end in .csv, .npz or .npy', {
        file,
        hint: 'Rename or convert the file.',
      });
  }
}

async function readCsv(file: string): Promise<FeatureTable> {
  const names: string[] = [];
  const rows: Float32Array[] = [];
  let header: string[] | null = null;
  try {
    const records = createReadStream(file).pipe(parse({ bom: true, skip_empty_lines: true }));
    for await (const record of records as AsyncIterable<string[]>) {
      if (header === null) {
        header = record;
        continue;
      }
      names.push(record[0] ?? '');
      rows.push(Float32Array.from(record.slice(1), (v) => (v.trim() === '' ? NaN : Number(v))));
    }
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('CSV_')) throw bad(file, (error as Error).message);
    throw error;
  }
  const columns = header?.slice(1) ?? [];
  return { names, columns, dimension: columns.length, rows };
}

function readNpz(file: string, bytes: Buffer): FeatureTable {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, { filter: (e) => ['names.npy', 'x.npy', 'columns.npy'].includes(e.name) });
  } catch (error) {
    throw bad(file, (error as Error).message);
  }
  const x = entries['x.npy'];
  if (x === undefined) throw bad(file, 'it has no array "x"');
  const { rows, dimension } = matrix(file, x);
  const names = entries['names.npy'] === undefined ? null : parseNpy(entries['names.npy'], file).strings;
  if (names === null && entries['names.npy'] !== undefined)
    throw bad(file, 'its array "names" holds no text');
  const columns =
    entries['columns.npy'] === undefined ? null : parseNpy(entries['columns.npy'], file).strings;
  if (names !== null && names.length !== rows.length)
    throw bad(file, `${names.length} names for ${rows.length} rows`);
  return { names, columns: columns?.length === dimension ? columns : null, dimension, rows };
}

function matrix(file: string, bytes: Uint8Array): { rows: Float32Array[]; dimension: number } {
  const { shape, numbers } = parseNpy(bytes, file);
  if (numbers === null || shape.length !== 2)
    throw bad(file, 'the array is not a numeric matrix (images x dimensions)');
  const [n, dimension] = shape as [number, number];
  if (dimension === 0) throw bad(file, 'its rows are empty');
  return {
    dimension,
    rows: Array.from({ length: n }, (_, i) =>
      Float32Array.from(numbers.subarray(i * dimension, (i + 1) * dimension)),
    ),
  };
}

function firstRepeated(names: readonly string[]): string | null {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size) ?? null;
}

function bad(file: string, what: string): StudioError {
  return new StudioError('bad-input', `Feature file: ${what}`, {
    file,
    hint: 'Expected: CSV with an image column and one column per dimension, NPZ with arrays "names" and "x", or a NPY matrix in label order.',
  });
}

/** The table as NPZ bytes with arrays names, x and columns (what numpy.load and the peer script read). */
export function writeNpz(
  names: readonly string[],
  columns: readonly string[],
  rows: readonly Float32Array[],
): Uint8Array {
  const x = new Float32Array(rows.length * columns.length);
  rows.forEach((row, i) => x.set(row, i * columns.length));
  return zipSync(
    {
      'names.npy': writeNpyStrings(names),
      'x.npy': writeNpyFloats(x, rows.length, columns.length),
      'columns.npy': writeNpyStrings(columns),
    },
    { level: 0 },
  );
}

/** The table as CSV lines: image, then one named column per dimension; float32 values in their shortest exact form. */
export function* featureCsvLines(
  names: readonly string[],
  columns: readonly string[],
  rows: Iterable<Float32Array>,
): Generator<string> {
  yield `image,${columns.map(csvField).join(',')}\n`;
  let i = 0;
  for (const row of rows) yield `${csvField(names[i++]!)},${Array.from(row, shortFloat).join(',')}\n`;
}

/** The shortest decimal that reads back as the same float32 (9 significant digits always do). */
function shortFloat(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

/**
 * MATLAB 5 .mat files, as far as label files need them: numeric matrices, text, and cell arrays of these.
 * Written from MathWorks' "MAT-File Format", chapter 1 (Level 5). Every length is checked before it is used.
 */
import { inflateSync } from 'node:zlib';
import { StudioError } from '../../src-shared/errors.ts';

/** One MATLAB value. Values are column-major; `other` stands for classes that are not read (struct, sparse...). */
export type MatValue =
  | { kind: 'numeric'; dims: number[]; values: Float64Array }
  | { kind: 'text'; dims: number[]; text: string }
  | { kind: 'cell'; dims: number[]; cells: MatValue[] }
  | { kind: 'other'; dims: number[]; className: string };

const HEADER_BYTES = 128;
/** An inflated variable larger than this is refused: a zip bomb, no label file. */
const MAX_INFLATED = 256 * 1024 * 1024;
const MAX_CELL_DEPTH = 8;

// miXXX: how data lies in the file.
const [MI_COMPRESSED, MI_MATRIX, MI_UTF8, MI_UTF16, MI_UTF32] = [15, 14, 16, 17, 18];
const SAMPLE_BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8 };
// mxXXX: what a matrix is in MATLAB.
const [MX_CELL, MX_CHAR, MX_FIRST_NUMERIC, MX_LAST_NUMERIC] = [1, 4, 6, 15];
const CLASS_NAMES: Record<number, string> = {
  2: 'struct',
  3: 'object',
  5: 'sparse',
  16: 'function',
  17: 'opaque',
};

/**
 * All readable variables of a Level 5 MAT-file by name. Throws 'bad-input' with `file` for other versions (7.3 is HDF5) and
 * for every file that does not hold what it announces.
 */
export function readMat(bytes: Buffer, file: string): Map<string, MatValue> {
  const littleEndian = checkHeader(bytes, file);
  const reader: MatReader = { littleEndian, file };
  const variables = new Map<string, MatValue>();
  for (const element of elements(reader, bytes.subarray(HEADER_BYTES))) {
    const matrix = element.type === MI_COMPRESSED ? inflate(reader, element.data) : element;
    if (matrix.type !== MI_MATRIX) continue;
    const { name, value } = readMatrix(reader, matrix.data, 0);
    if (value.kind !== 'other') variables.set(name, value);
  }
  return variables;
}

type MatReader = { littleEndian: boolean; file: string };
type Element = { type: number; data: Buffer };

function checkHeader(bytes: Buffer, file: string): boolean {
  const text = bytes.toString('latin1', 0, 116);
  if (text.startsWith('MATLAB 7.3') || bytes.toString('latin1', 1, 4) === 'HDF') {
    throw new StudioError('bad-input', 'This is a MATLAB 7.3 (HDF5) file', {
      file,
      hint: "Save it in MATLAB with: save('name.mat', '-v7')",
    });
  }
  const order = bytes.toString('latin1', 126, 128);
  if (bytes.length < HEADER_BYTES || (order !== 'IM' && order !== 'MI'))
    throw broken(file, 'no MATLAB 5 header');
  const littleEndian = order === 'IM';
  const version = littleEndian ? bytes.readUInt16LE(124) : bytes.readUInt16BE(124);
  if (version !== 0x0100) throw broken(file, `version ${version.toString(16)}`);
  return littleEndian;
}

/** The data elements of a block, one after the other. Compressed elements are not padded, all others to 8 bytes. */
function* elements(reader: MatReader, block: Buffer): Generator<Element> {
  let at = 0;
  while (at < block.length) {
    if (block.length - at < 8) throw broken(reader.file, 'an element is cut off');
    const first = readUint32(reader, block, at);
    const smallBytes = first >>> 16;
    if (smallBytes !== 0) {
      // Small element: up to 4 bytes of data in the tag itself.
      if (smallBytes > 4) throw broken(reader.file, `a small element of ${smallBytes} bytes`);
      yield { type: first & 0xffff, data: block.subarray(at + 4, at + 4 + smallBytes) };
      at += 8;
      continue;
    }
    const length = readUint32(reader, block, at + 4);
    if (length > block.length - at - 8)
      throw broken(reader.file, `${length} bytes announced, ${block.length - at - 8} there`);
    yield { type: first, data: block.subarray(at + 8, at + 8 + length) };
    at += 8 + (first === MI_COMPRESSED ? length : Math.ceil(length / 8) * 8);
  }
}

function inflate(reader: MatReader, data: Buffer): Element {
  let inflated: Buffer;
  try {
    inflated = inflateSync(data, { maxOutputLength: MAX_INFLATED });
  } catch (error) {
    throw broken(reader.file, `a compressed variable does not inflate (${(error as Error).message})`);
  }
  const element = elements(reader, inflated).next().value;
  if (element === undefined) throw broken(reader.file, 'an empty compressed variable');
  return element;
}

function readMatrix(reader: MatReader, block: Buffer, depth: number): { name: string; value: MatValue } {
  // A cell that was never filled is an element without data.
  if (block.length === 0)
    return { name: '', value: { kind: 'numeric', dims: [0, 0], values: new Float64Array() } };
  const parts = elements(reader, block);
  const next = (what: string): Element => {
    const element = parts.next().value;
    if (element === undefined) throw broken(reader.file, `a matrix without ${what}`);
    return element;
  };
  const flags = next('flags').data;
  if (flags.length < 8) throw broken(reader.file, 'matrix flags are cut off');
  const word = readUint32(reader, flags, 0);
  const matlabClass = word & 0xff;
  const isComplex = (word & 0x0800) !== 0;
  if (CLASS_NAMES[matlabClass] !== undefined) {
    // Not read, but not an error: other variables of the file may be the labels.
    return { name: '', value: { kind: 'other', dims: [], className: CLASS_NAMES[matlabClass] } };
  }
  const dims = [...readNumbers(reader, next('size'))];
  const count = dims.reduce((product, side) => product * side, 1);
  if (dims.length < 2 || !dims.every((side) => Number.isInteger(side) && side >= 0)) {
    throw broken(reader.file, `a matrix of size ${dims.join(' x ') || 'nothing'}`);
  }
  const name = next('a name').data.toString('latin1');

  if (matlabClass === MX_CELL) {
    if (depth >= MAX_CELL_DEPTH) throw broken(reader.file, 'cell arrays nested too deep');
    // At least 8 bytes a cell: checked before the array is built.
    if (count * 8 > block.length) throw broken(reader.file, `${count} cells in ${block.length} bytes`);
    const cells = Array.from({ length: count }, (_, i) => readCell(reader, next(`cell ${i + 1}`), depth));
    return { name, value: { kind: 'cell', dims, cells } };
  }
  const data = next('data');
  if (matlabClass === MX_CHAR) return { name, value: { kind: 'text', dims, text: readText(reader, data) } };
  if (matlabClass < MX_FIRST_NUMERIC || matlabClass > MX_LAST_NUMERIC) {
    throw broken(reader.file, `an unknown class ${matlabClass}`);
  }
  if (isComplex) return { name, value: { kind: 'other', dims, className: 'complex' } };
  const values = readNumbers(reader, data);
  if (values.length !== count)
    throw broken(reader.file, `${values.length} values for a size of ${dims.join(' x ')}`);
  return { name, value: { kind: 'numeric', dims, values } };
}

function readCell(reader: MatReader, element: Element, depth: number): MatValue {
  if (element.type !== MI_MATRIX) throw broken(reader.file, 'a cell that is no matrix');
  return readMatrix(reader, element.data, depth + 1).value;
}

/** Numbers in whatever type they lie in the file: MATLAB stores a double matrix of small integers as bytes. */
function readNumbers(reader: MatReader, { type, data }: Element): Float64Array {
  const size = SAMPLE_BYTES[type];
  if (size === undefined || data.length % size !== 0)
    throw broken(reader.file, `numbers of type ${type} in ${data.length} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const little = reader.littleEndian;
  const read: Record<number, (at: number) => number> = {
    1: (at) => view.getInt8(at),
    2: (at) => view.getUint8(at),
    3: (at) => view.getInt16(at, little),
    4: (at) => view.getUint16(at, little),
    5: (at) => view.getInt32(at, little),
    6: (at) => view.getUint32(at, little),
    7: (at) => view.getFloat32(at, little),
    9: (at) => view.getFloat64(at, little),
    12: (at) => Number(view.getBigInt64(at, little)),
    13: (at) => Number(view.getBigUint64(at, little)),
  };
  const readOne = read[type]!;
  return Float64Array.from({ length: data.length / size }, (_, i) => readOne(i * size));
}

function readText(reader: MatReader, element: Element): string {
  const { type, data } = element;
  if (type === MI_UTF8) return data.toString('utf8');
  if (type === MI_UTF16) return new TextDecoder(reader.littleEndian ? 'utf-16le' : 'utf-16be').decode(data);
  const codes = readNumbers(reader, type === MI_UTF32 ? { type: 6, data } : element);
  if (codes.some((code) => !(code >= 0 && code <= 0x10ffff)))
    throw broken(reader.file, 'text with impossible characters');
  return Array.from(codes, (code) => String.fromCodePoint(code)).join('');
}

function readUint32(reader: MatReader, block: Buffer, at: number): number {
  return reader.littleEndian ? block.readUInt32LE(at) : block.readUInt32BE(at);
}

function broken(file: string, reason: string): StudioError {
  return new StudioError('bad-input', `The MATLAB file is damaged or of another version: ${reason}`, {
    file,
    hint: "Copy it again, or save it in MATLAB with: save('name.mat', '-v7')",
  });
}

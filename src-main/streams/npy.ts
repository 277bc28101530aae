/** NumPy's .npy format (version 1-3), as far as feature files need it: numeric and unicode arrays in C order. */
import { StudioError } from '../../src-shared/errors.ts';

/** A parsed array: shape, and its values as numbers or strings in C order. */
export type NpyArray = { shape: number[]; numbers: Float64Array | null; strings: string[] | null };

const MAGIC = '\x93NUMPY';

/** Parses one .npy file; throws StudioError bad-input that names the file and what is wrong. */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const bad = (what: string): never => {
    throw new StudioError('bad-input', `Not a usable .npy array: ${what}`, {
      file,
      hint: 'Save it with numpy.save as a C-ordered numeric (or unicode) array.',
    });
  };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 12 || buffer.toString('latin1', 0, 6) !== MAGIC) bad('the magic bytes are missing');
  const wide = buffer[6]! >= 2;
  const headerLength = wide ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8);
  const start = (wide ? 12 : 10) + headerLength;
  if (start > buffer.length) bad('the header is cut off');
  const header = buffer.toString('latin1', wide ? 12 : 10, start);
  const descr = /'descr'\s*:\s*'([^']+)'/.exec(header)?.[1] ?? bad('it holds objects or records');
  if (/'fortran_order'\s*:\s*True/.test(header)) bad('it is in Fortran order');
  const shapeText = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1] ?? bad('it has no shape');
  const shape = shapeText
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '')
    .map(Number);
  if (shape.some((s) => !Number.isSafeInteger(s) || s < 0)) bad(`its shape is (${shapeText})`);
  const count = shape.reduce((a, b) => a * b, 1);
  const data = buffer.subarray(start);
  const need = (size: number) => {
    if (data.length < count * size) bad(`it is cut off: ${data.length} of ${count * size} bytes`);
  };

  const unicode = /^[<|=]U(\d+)$/.exec(descr);
  if (unicode !== null) {
    const width = Number(unicode[1]) * 4;
    if (width === 0 && count > 0) bad('its texts have no length');
    need(width);
    const strings = Array.from({ length: count }, (_, i) => utf32(data.subarray(i * width, (i + 1) * width)));
    return {
      shape,
      numbers: null,
      strings: strings.map((text) => text ?? bad('a text holds what is no Unicode character')),
    };
  }
  const read = READERS.get(descr.replace(/^[=|]/, '<')) ?? bad(`its type is ${descr}`);
  need(read.size);
  const numbers = new Float64Array(count);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let i = 0; i < count; i++) numbers[i] = read.at(view, i * read.size);
  return { shape, numbers, strings: null };
}

type Reader = { size: number; at(view: DataView, offset: number): number };

// A Map: in an object a type called "constructor" would find something.
const READERS = new Map<string, Reader>(
  Object.entries({
    '<f8': { size: 8, at: (v, o) => v.getFloat64(o, true) },
    '<f4': { size: 4, at: (v, o) => v.getFloat32(o, true) },
    '<f2': { size: 2, at: (v, o) => halfToNumber(v.getUint16(o, true)) },
    '<i8': { size: 8, at: (v, o) => Number(v.getBigInt64(o, true)) },
    '<i4': { size: 4, at: (v, o) => v.getInt32(o, true) },
    '<i2': { size: 2, at: (v, o) => v.getInt16(o, true) },
    '<u1': { size: 1, at: (v, o) => v.getUint8(o) },
  } satisfies Record<string, Reader>),
);

function halfToNumber(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The text up to NumPy's padding with zeros, or null where it is no Unicode text. */
function utf32(bytes: Buffer): string | null {
  let text = '';
  for (let i = 0; i + 4 <= bytes.length; i += 4) {
    const code = bytes.readUInt32LE(i);
    if (code === 0) break;
    if (code > 0x10ffff) return null;
    text += String.fromCodePoint(code);
  }
  return text;
}

/** A float32 matrix, rows x columns, as .npy bytes. */
export function writeNpyFloats(data: Float32Array, rows: number, columns: number): Uint8Array {
  return writeNpy(
    '<f4',
    `(${rows}, ${columns})`,
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
}

/** Strings as a one-dimensional unicode .npy array. */
export function writeNpyStrings(strings: readonly string[]): Uint8Array {
  const width = Math.max(1, ...strings.map((s) => [...s].length));
  const data = Buffer.alloc(strings.length * width * 4);
  strings.forEach((text, i) =>
    [...text].forEach((c, j) => data.writeUInt32LE(c.codePointAt(0)!, (i * width + j) * 4)),
  );
  return writeNpy(`<U${width}`, `(${strings.length},)`, data);
}

function writeNpy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, ' ');
  head.write(MAGIC, 'latin1');
  head[6] = 1;
  head[7] = 0;
  head.writeUInt16LE(length, 8);
  head.write(text, 10, 'latin1');
  head[10 + length - 1] = 10;
  return new Uint8Array(Buffer.concat([head, data]));
}

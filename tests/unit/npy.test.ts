import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../src-shared/errors.ts';
import { parseNpy, writeNpyFloats, writeNpyStrings } from '../../src-main/streams/npy.ts';
import * as numpy from './npy-numpy-files.ts';

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const parse = (base64: string) => parseNpy(bytesOf(base64), 'f.npy');

describe('arrays that NumPy wrote', () => {
  it('reads every number type exactly', () => {
    expect(parse(numpy.FLOAT32)).toEqual({
      shape: [3, 2],
      numbers: Float64Array.of(1.5, -2.25, Math.fround(0.1), 3e8, Math.fround(1e-30), 0),
      strings: null,
    });
    expect(parse(numpy.FLOAT64)).toMatchObject({ shape: [2, 2], numbers: Float64Array.of(0.1, 2, 3, -4.5) });
    expect(parse(numpy.FLOAT16)).toMatchObject({ numbers: Float64Array.of(0.5, 65504, 2 ** -24) });
    expect(parse(numpy.INT64)).toMatchObject({ shape: [1, 3], numbers: Float64Array.of(1, -2, 3) });
  });

  it('reads texts of any script', () => {
    expect(parse(numpy.TEXTS)).toEqual({
      shape: [3],
      numbers: null,
      strings: ['a.png', 'ünï 图片 😀.jpg', ''],
    });
  });

  it.each([
    ['Fortran order', numpy.FORTRAN_ORDER, /Fortran/],
    ['big-endian numbers', numpy.BIG_ENDIAN, />f4/],
    ['pickled objects', numpy.OBJECTS, /\|O/],
  ])('refuses %s by name', (_what, base64, message) => {
    expect(() => parse(base64)).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        file: 'f.npy',
        message: expect.stringMatching(message) as string,
      }),
    );
  });
});

/** An .npy of format version 1 with this header text. */
function withHeader(header: string, data = new Uint8Array(0)): Uint8Array {
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY', 'latin1');
  head[6] = 1;
  head.writeUInt16LE(header.length, 8);
  return new Uint8Array(Buffer.concat([head, Buffer.from(header, 'latin1'), data]));
}

describe('hostile bytes', () => {
  it.each([
    ['a shape larger than the file', "{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 100000)}"],
    ['a shape beyond all integers', "{'descr': '<f8', 'fortran_order': False, 'shape': (1e300, 2)}"],
    ['a negative shape', "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}"],
    ['a billion texts of no length', "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000,)}"],
    [
      'a type that is a property of every object',
      "{'descr': 'constructor', 'fortran_order': False, 'shape': (1,)}",
    ],
    ['no type', "{'fortran_order': False, 'shape': (1,)}"],
    ['no shape', "{'descr': '<f4', 'fortran_order': False}"],
  ])('refuses %s', (_what, header) => {
    expect(() => parseNpy(withHeader(header), 'f.npy')).toThrow(StudioError);
  });

  it('refuses a text outside Unicode', () => {
    const bytes = withHeader(
      "{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}",
      Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
    );
    expect(() => parseNpy(bytes, 'f.npy')).toThrow(/Unicode/);
  });

  it('throws nothing but StudioError, whatever is changed in a good file', () => {
    const good = [numpy.FLOAT32, numpy.FLOAT64, numpy.TEXTS, numpy.OBJECTS].map(bytesOf);
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(255), fc.nat(255)), { maxLength: 6 }),
        fc.nat(400),
        (file, changes, length) => {
          const bytes = file.slice(0, length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            parseNpy(bytes, 'f.npy');
          } catch (error) {
            expect(error).toBeInstanceOf(StudioError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('writing', () => {
  it('gives back the same floats', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (values, columns) => {
        const rows = Math.floor(values.length / columns);
        const data = values.slice(0, rows * columns);
        const { shape, numbers } = parseNpy(writeNpyFloats(data, rows, columns), 'x');
        expect(shape).toEqual([rows, columns]);
        expect(Float32Array.from(numbers!)).toEqual(data);
      }),
    );
  });

  it('gives back the same texts (NumPy ends a text at a zero)', () => {
    const text = fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0'));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (texts) => {
        expect(parseNpy(writeNpyStrings(texts), 'x').strings).toEqual(texts);
      }),
    );
  });
});

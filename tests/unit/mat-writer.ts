import { deflateSync } from 'node:zlib';

/** An independent writer of Level 5 files, from the same specification. */
export class MatWriter {
  readonly little: boolean;
  constructor(little: boolean) {
    this.little = little;
  }
  numbers(type: number, bytes: number, values: number[]): Buffer {
    const data = Buffer.alloc(bytes * values.length);
    const view = new DataView(data.buffer, data.byteOffset);
    const set = {
      1: 'setInt8',
      2: 'setUint8',
      3: 'setInt16',
      5: 'setInt32',
      6: 'setUint32',
      7: 'setFloat32',
      9: 'setFloat64',
    } as const;
    values.forEach((value, i) => view[set[type as keyof typeof set]](i * bytes, value, this.little));
    return data;
  }
  element(type: number, data: Buffer, small = false): Buffer {
    const tag = (...values: number[]): Buffer => this.numbers(6, 4, values);
    if (small && data.length > 0 && data.length <= 4) {
      return Buffer.concat([tag(((data.length << 16) | type) >>> 0), data, Buffer.alloc(4 - data.length)]);
    }
    return Buffer.concat([tag(type, data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  }
  matrix(name: string, mxClass: number, dims: number[], parts: Buffer[]): Buffer {
    return this.element(
      14,
      Buffer.concat([
        this.element(6, this.numbers(6, 4, [mxClass, 0])),
        this.element(5, this.numbers(5, 4, dims)),
        this.element(1, Buffer.from(name, 'latin1'), true),
        ...parts,
      ]),
    );
  }
  file(variables: Buffer[], compressed: boolean): Buffer {
    const header = Buffer.alloc(128, ' ');
    header.write('MATLAB 5.0 MAT-file');
    header.set(this.numbers(3, 2, [0x0100]), 124);
    header.write(this.little ? 'IM' : 'MI', 126);
    const body = variables.map((variable) => {
      if (!compressed) return variable;
      const packed = deflateSync(variable);
      return Buffer.concat([this.numbers(6, 4, [15, packed.length]), packed]);
    });
    return Buffer.concat([header, ...body]);
  }
  /** A nameless 1 x n text, as a cell holds it. */
  text(content: string): Buffer {
    return this.matrix('', 4, [1, content.length], [this.element(16, Buffer.from(content, 'utf8'), true)]);
  }
  /** A 1 x n matrix of doubles. */
  doubles(name: string, values: number[]): Buffer {
    return this.matrix(name, 6, [1, values.length], [this.element(9, this.numbers(9, 8, values))]);
  }
  /** An n x 1 cell array of texts. */
  texts(name: string, contents: string[]): Buffer {
    return this.matrix(
      name,
      1,
      [contents.length, 1],
      contents.map((content) => this.text(content)),
    );
  }
}

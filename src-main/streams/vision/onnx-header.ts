/**
 * What an ONNX file says about itself: inputs, outputs, opset, external data. Weights are skipped, not read: a model
 * of 1.7 GB takes some milliseconds and no memory. Field numbers are those of onnx.proto3, named beside each use.
 */
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OnnxDimension, OnnxValue } from '../../../src-shared/encoder-folder.ts';
import { StudioError, errorShape } from '../../../src-shared/errors.ts';
import { FieldReader, WireError, integer, span } from './onnx-fields.ts';
import type { Field } from './onnx-fields.ts';

/** A file of weights beside the model. `location` is relative to the model's folder; `bytes`: how many it must have. */
export type OnnxExternalFile = { location: string; bytes: number };

/** The interface of a model. `opset` is that of the default domain, null where the file does not say. */
export type OnnxHeader = {
  opset: number | null;
  /** Without those that are initializers. */
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  external: OnnxExternalFile[];
};

/** TensorProto.DataType by number; the rest are unusual enough to be called by their number. */
const DATA_TYPES = [
  ...[
    'undefined',
    'float32',
    'uint8',
    'int8',
    'uint16',
    'int16',
    'int32',
    'int64',
    'string',
    'bool',
    'float16',
  ],
  ...['float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16'],
];
const EXTERNAL = 1; // TensorProto.DataLocation
/** Graphs within nodes (If, Loop) within graphs. */
const MAX_DEPTH = 16;

type Span = { start: number; end: number };

/**
 * Reads the header of a model file. Throws StudioError: 'bad-input' for anything that is not an ONNX model or names
 * external data outside its folder; 'not-found' and 'no-permission' of the file itself.
 */
export async function readOnnxHeader(file: string): Promise<OnnxHeader> {
  try {
    // Asked before it is opened: opening a pipe would wait for its writer.
    const found = await stat(file);
    if (!found.isFile()) throw new WireError('it is not a file');
    await using handle = await open(file, 'r');
    return await readModel(new FieldReader(handle, found.size));
  } catch (error) {
    if (!(error instanceof WireError)) throw StudioError.fromShape(errorShape(error, file));
    throw new StudioError(
      'bad-input',
      `${path.basename(file)} is not a readable ONNX model: ${error.message}`,
      {
        file,
        hint: 'Check that the file is an .onnx model and that its download was complete.',
      },
    );
  }
}

async function readModel(reader: FieldReader): Promise<OnnxHeader> {
  const collected = new HeaderCollector(reader);
  let opset: number | null = null;
  let graphs = 0;
  for await (const field of reader.fields({ start: 0, end: reader.size })) {
    if (field.number === 7) {
      graphs++;
      await collected.graph(span(field), 0); // graph
    } else if (field.number === 8)
      opset = (await defaultOpset(reader, span(field))) ?? opset; // opset_import
    else if (field.number === 25) await collected.function(span(field)); // functions
  }
  if (graphs !== 1) throw new WireError(graphs === 0 ? 'it holds no graph' : 'it holds several graphs');
  return { opset, ...collected.result() };
}

/** OperatorSetIdProto: the version where the domain is ONNX's own. */
async function defaultOpset(reader: FieldReader, opset: Span): Promise<number | null> {
  let domain = '';
  let version: number | null = null;
  for await (const field of reader.fields(opset)) {
    if (field.number === 1)
      domain = await reader.text(field); // domain
    else if (field.number === 2) version = integer(field); // version
  }
  return domain === '' || domain === 'ai.onnx' ? version : null;
}

/** Walks the graph and keeps what a header holds. */
class HeaderCollector {
  readonly #reader: FieldReader;
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #initializers = new Set<string>();
  /** Bytes by location. */
  readonly #external = new Map<string, number>();

  constructor(reader: FieldReader) {
    this.#reader = reader;
  }

  result(): Omit<OnnxHeader, 'opset'> {
    return {
      inputs: this.#inputs.filter((input) => !this.#initializers.has(input.name)),
      outputs: this.#outputs,
      external: [...this.#external].map(([location, bytes]) => ({ location, bytes })),
    };
  }

  /** GraphProto. Only the outermost graph's inputs and outputs are the model's. */
  async graph(graph: Span, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new WireError(`graphs nested more than ${MAX_DEPTH} deep`);
    for await (const field of this.#reader.fields(graph)) {
      if (field.number === 1)
        await this.#node(span(field), depth); // node
      else if (field.number === 5)
        await this.#initializer(span(field), depth); // initializer
      else if (field.number === 15)
        await this.#sparse(span(field)); // sparse_initializer
      else if (depth > 0) continue;
      else if (field.number === 11)
        this.#inputs.push(await valueInfo(this.#reader, span(field))); // input
      else if (field.number === 12) this.#outputs.push(await valueInfo(this.#reader, span(field))); // output
    }
  }

  /** FunctionProto: its nodes may hold external constants. */
  async function(body: Span): Promise<void> {
    for await (const field of this.#reader.fields(body)) {
      if (field.number === 7) await this.#node(span(field), 0); // node
    }
  }

  async #node(node: Span, depth: number): Promise<void> {
    for await (const field of this.#reader.fields(node)) {
      if (field.number === 5) await this.#attribute(span(field), depth); // attribute
    }
  }

  /** AttributeProto: tensors and graphs within a node. */
  async #attribute(attribute: Span, depth: number): Promise<void> {
    for await (const field of this.#reader.fields(attribute)) {
      if (field.number === 5 || field.number === 10)
        await this.#tensor(span(field)); // t, tensors
      else if (field.number === 6 || field.number === 11)
        await this.graph(span(field), depth + 1); // g, graphs
      else if (field.number === 22 || field.number === 23) await this.#sparse(span(field)); // sparse_tensor(s)
    }
  }

  async #initializer(tensor: Span, depth: number): Promise<void> {
    const name = await this.#tensor(tensor);
    if (depth === 0) this.#initializers.add(name);
  }

  /** SparseTensorProto. */
  async #sparse(tensor: Span): Promise<void> {
    for await (const field of this.#reader.fields(tensor)) {
      if (field.number === 1 || field.number === 2) await this.#tensor(span(field)); // values, indices
    }
  }

  /** TensorProto: notes where its data lie, and returns its name. */
  async #tensor(tensor: Span): Promise<string> {
    let name = '';
    let dataLocation = 0;
    const entries = new Map<string, string>();
    for await (const field of this.#reader.fields(tensor)) {
      if (field.number === 8)
        name = await this.#reader.text(field); // name
      else if (field.number === 13)
        await readEntry(this.#reader, field, entries); // external_data
      else if (field.number === 14) dataLocation = integer(field); // data_location
    }
    if (dataLocation === EXTERNAL) this.#noteExternal(name, entries);
    return name;
  }

  #noteExternal(tensor: string, entries: ReadonlyMap<string, string>): void {
    const location = entries.get('location') ?? '';
    if (!staysInFolder(location)) {
      throw new WireError(
        `tensor "${tensor}" has its data at "${location}", which is not a file beside the model`,
      );
    }
    const bytes = byteCount(entries.get('offset')) + byteCount(entries.get('length'));
    this.#external.set(location, Math.max(bytes, this.#external.get(location) ?? 0));
  }
}

/** StringStringEntryProto. */
async function readEntry(reader: FieldReader, entry: Field, into: Map<string, string>): Promise<void> {
  let key = '';
  let value = '';
  for await (const field of reader.fields(span(entry))) {
    if (field.number === 1)
      key = await reader.text(field); // key
    else if (field.number === 2) value = await reader.text(field); // value
  }
  into.set(key, value);
}

/** The location must not lead a reader, or a download, out of the model's folder. */
function staysInFolder(location: string): boolean {
  if (location === '' || /[\\:\0]/.test(location) || location.startsWith('/')) return false;
  return !location.split('/').some((part) => part === '' || part === '.' || part === '..');
}

function byteCount(text: string | undefined): number {
  if (text === undefined) return 0;
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new WireError(`external data of "${text}" bytes`);
  }
  return count;
}

/** ValueInfoProto. */
async function valueInfo(reader: FieldReader, info: Span): Promise<OnnxValue> {
  let name = '';
  let type: Omit<OnnxValue, 'name'> = { dtype: 'not said', shape: null };
  for await (const field of reader.fields(info)) {
    if (field.number === 1)
      name = await reader.text(field); // name
    else if (field.number === 2) type = await readType(reader, span(field)); // type
  }
  return { name, ...type };
}

/** TypeProto. */
async function readType(reader: FieldReader, type: Span): Promise<Omit<OnnxValue, 'name'>> {
  for await (const field of reader.fields(type)) {
    if (field.number === 1) return tensorType(reader, span(field)); // tensor_type
  }
  return { dtype: 'not a tensor', shape: null };
}

/** TypeProto.Tensor. */
async function tensorType(reader: FieldReader, type: Span): Promise<Omit<OnnxValue, 'name'>> {
  let dtype = 'undefined';
  let shape: OnnxDimension[] | null = null;
  for await (const field of reader.fields(type)) {
    if (field.number === 1) {
      const number = integer(field); // elem_type
      dtype = DATA_TYPES[number] ?? `type ${number}`;
    } else if (field.number === 2) shape = await readShape(reader, span(field)); // shape
  }
  return { dtype, shape };
}

/** TensorShapeProto. */
async function readShape(reader: FieldReader, shape: Span): Promise<OnnxDimension[]> {
  const dimensions: OnnxDimension[] = [];
  for await (const field of reader.fields(shape)) {
    if (field.number === 1) dimensions.push(await dimension(reader, span(field))); // dim
  }
  return dimensions;
}

/** TensorShapeProto.Dimension; a negative length (some exporters' -1) is an open one. */
async function dimension(reader: FieldReader, dim: Span): Promise<OnnxDimension> {
  let length: OnnxDimension = null;
  for await (const field of reader.fields(dim)) {
    if (field.number === 1)
      length = Number.isSafeInteger(integer(field)) ? integer(field) : null; // dim_value
    else if (field.number === 2) length = (await reader.text(field)) || null; // dim_param
  }
  return length;
}

/** Writes a graph as an ONNX model. Field numbers are those of onnx.proto3, named beside each use. */
import { Message } from './protobuf.ts';
import { inTopologicalOrder } from './tensor.ts';
import type { Attributes, ElementType, Shape, Tensor } from './tensor.ts';

/** IR version 10 goes with opset 21 and older; Gelu needs opset 20. */
const IR_VERSION = 10;
/** Version of the operators that a model is written in. */
export const OPSET = 20;
const DATA_TYPE: Record<ElementType, number> = { float32: 1, int64: 7, float64: 11 };
const ATTRIBUTE_TYPE = { integer: 2, text: 3 };

/**
 * The model's bytes. Its inputs are the graph's inputs by name, its outputs the given ones by their key; `metadata` is kept with the
 * model (metadata_props). Throws RangeError where an output has the name of an input.
 */
export function writeOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const order = inTopologicalOrder(Object.values(outputs));
  const names = nameTensors(order, Object.keys(outputs));
  const graph = new Message();
  for (const tensor of order) {
    const { source } = tensor;
    if (source.kind === 'operator') {
      const operands = source.inputs.map((operand) => nameOf(names, operand));
      graph.message(1, nodeProto(source.operator, operands, nameOf(names, tensor), source.attributes)); // node
    }
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    graph.message(1, nodeProto('Identity', [nameOf(names, tensor)], name, {}));
  }
  graph.text(2, 'graph'); // name
  for (const tensor of order) {
    if (tensor.source.kind === 'constant') graph.message(5, tensorProto(nameOf(names, tensor), tensor)); // initializer
  }
  for (const tensor of order) {
    if (tensor.source.kind === 'input') graph.message(11, valueInfo(tensor.source.name, tensor)); // input
  }
  for (const [name, tensor] of Object.entries(outputs)) graph.message(12, valueInfo(name, tensor)); // output
  const model = new Message()
    .integer(1, IR_VERSION) // ir_version
    .text(2, 'biqa-studio') // producer_name
    .message(7, graph)
    .message(8, new Message().integer(2, OPSET)); // opset_import, default domain
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, new Message().text(1, key).text(2, value)); // metadata_props: key, value
  }
  return model.finish();
}

/** Every tensor's name: an input's own, else one that no input and no output has. */
function nameTensors(order: readonly Tensor[], outputs: readonly string[]): Map<Tensor, string> {
  const inputs = order.flatMap(({ source }) => (source.kind === 'input' ? [source.name] : []));
  const taken = new Set([...inputs, ...outputs]);
  if (taken.size !== inputs.length + outputs.length)
    throw new RangeError(`inputs and outputs share names: ${[...inputs, ...outputs].join(', ')}`);
  let prefix = 't';
  while ([...taken].some((name) => name.startsWith(prefix))) prefix += 't';
  return new Map(
    order.map((tensor, i) => [tensor, tensor.source.kind === 'input' ? tensor.source.name : `${prefix}${i}`]),
  );
}

function nameOf(names: ReadonlyMap<Tensor, string>, tensor: Tensor): string {
  const name = names.get(tensor);
  if (name === undefined) throw new Error('a tensor of another graph');
  return name;
}

function nodeProto(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Attributes,
): Message {
  const node = new Message();
  for (const name of inputs) node.text(1, name); // input
  node.text(2, output); // output
  node.text(4, operator); // op_type
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new Message().text(1, name); // name
    if (typeof value === 'number')
      attribute.integer(3, value).integer(20, ATTRIBUTE_TYPE.integer); // i, type
    else attribute.text(4, value).integer(20, ATTRIBUTE_TYPE.text); // s, type
    node.message(5, attribute); // attribute
  }
  return node;
}

function tensorProto(name: string, tensor: Tensor): Message {
  if (tensor.source.kind !== 'constant') throw new Error('only constants have values');
  const { values } = tensor.source;
  const proto = new Message();
  for (const length of tensor.shape) proto.integer(1, fixed(length)); // dims
  return proto
    .integer(2, DATA_TYPE[tensor.type]) // data_type
    .text(8, name) // name
    .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)); // raw_data, little-endian
}

function valueInfo(name: string, tensor: Tensor): Message {
  const type = new Message()
    .integer(1, DATA_TYPE[tensor.type]) // elem_type
    .message(2, shapeProto(tensor.shape)); // shape
  return new Message().text(1, name).message(2, new Message().message(1, type)); // name, type.tensor_type
}

function shapeProto(shape: Shape): Message {
  const proto = new Message();
  for (const length of shape) {
    const dimension = new Message();
    if (typeof length === 'number')
      dimension.integer(1, length); // dim_value
    else dimension.text(2, length); // dim_param
    proto.message(1, dimension); // dim
  }
  return proto;
}

function fixed(length: number | string): number {
  if (typeof length === 'string') throw new RangeError(`a constant cannot have the open axis "${length}"`);
  return length;
}

/** Small ONNX files for the tests: no operator that would run, only what a header holds. Fields as in onnx.proto3. */
import { Message } from '../../src-main/graph/protobuf.ts';

export const FLOAT32 = 1;
export const INT64 = 7;
export const FLOAT16 = 10;

/** A length, the name of an open axis, or null for an axis of which nothing is said. */
export type Axis = number | string | null;

/** An input or output; a shape of null is left out. */
export function value(name: string, shape: Axis[] | null, dataType = FLOAT32): Message {
  const tensor = new Message().integer(1, dataType);
  if (shape !== null) tensor.message(2, shapeMessage(shape));
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

function shapeMessage(shape: Axis[]): Message {
  const message = new Message();
  for (const length of shape) {
    const dim = new Message();
    if (typeof length === 'number') dim.integer(1, length);
    else if (length !== null) dim.text(2, length);
    message.message(1, dim);
  }
  return message;
}

/** An initializer with its data inside. */
export function tensor(name: string, bytes = 8): Message {
  return new Message().integer(1, bytes).integer(2, 3).text(8, name).bytes(9, new Uint8Array(bytes));
}

/** A tensor with its data in a file beside the model. */
export function externalTensor(name: string, entries: Record<string, string>): Message {
  const message = new Message().integer(1, 2).integer(2, FLOAT32).text(8, name);
  for (const [key, text] of Object.entries(entries))
    message.message(13, new Message().text(1, key).text(2, text));
  return message.integer(14, 1);
}

/** A node whose attribute holds a tensor (field 5) or a graph (field 6). */
export function nodeWith(field: 5 | 6, attribute: Message): Message {
  return new Message().text(1, 'x').text(4, 'Anything').message(5, new Message().message(field, attribute));
}

/** The parts of a graph. */
export type Graph = {
  nodes?: Message[];
  initializers?: Message[];
  inputs?: Message[];
  outputs?: Message[];
};

/** A GraphProto. */
export function graph({ nodes = [], initializers = [], inputs = [], outputs = [] }: Graph): Message {
  const message = new Message();
  for (const node of nodes) message.message(1, node);
  message.text(2, 'graph');
  for (const initializer of initializers) message.message(5, initializer);
  for (const input of inputs) message.message(11, input);
  for (const output of outputs) message.message(12, output);
  return message;
}

/** A model's bytes; opset 17 of the default domain and 1 of another. */
export function model(parts: Graph): Uint8Array {
  return new Message()
    .integer(1, 8)
    .text(2, 'a test')
    .message(8, new Message().text(1, 'com.microsoft').integer(2, 1))
    .message(7, graph(parts))
    .message(8, new Message().text(1, '').integer(2, 17))
    .finish();
}

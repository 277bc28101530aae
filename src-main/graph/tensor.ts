/**
 * A tensor of the graph: a node that knows how it is computed (ONNX operator and inputs). Building a graph computes nothing;
 * `writeOnnx` turns it into a model that ONNX Runtime runs.
 */

/** One axis: a fixed length, or the name of a length that is known only when the model runs (e.g. `batch`). */
export type Dimension = number | string;
export type Shape = readonly Dimension[];
export type ElementType = 'float32' | 'float64' | 'int64';

/** ONNX attributes used here: integers (also flags and enums) and strings. */
export type Attributes = Readonly<Record<string, number | string>>;

export type Tensor = {
  readonly shape: Shape;
  readonly type: ElementType;
  readonly source:
    | { readonly kind: 'input'; readonly name: string }
    | { readonly kind: 'constant'; readonly values: Float32Array | BigInt64Array }
    | {
        readonly kind: 'operator';
        /** ONNX operator type, e.g. `Gemm`. */
        readonly operator: string;
        readonly inputs: readonly Tensor[];
        readonly attributes: Attributes;
      };
};

/** A value that is fed when the model runs: data, or a parameter. */
export function input(name: string, shape: Shape, type: ElementType = 'float32'): Tensor {
  return { shape, type, source: { kind: 'input', name } };
}

/** Values stored in the model itself, row-major; `shape` defaults to a scalar. */
export function constant(values: number | Float32Array, shape: readonly number[] = []): Tensor {
  const data = typeof values === 'number' ? Float32Array.of(values) : values;
  const size = shape.reduce((product, d) => product * d, 1);
  if (data.length !== size)
    throw new RangeError(`constant of ${data.length} values for shape [${shape.join(', ')}]`);
  return { shape, type: 'float32', source: { kind: 'constant', values: data } };
}

/** A vector of integers, e.g. the axes of a reduction. */
export function integers(values: readonly number[]): Tensor {
  const data = BigInt64Array.from(values, BigInt);
  return { shape: [values.length], type: 'int64', source: { kind: 'constant', values: data } };
}

/** A node that applies an ONNX operator; the operators themselves are in operators.ts. */
export function apply(
  operator: string,
  inputs: readonly Tensor[],
  shape: Shape,
  attributes: Attributes = {},
  type: ElementType = 'float32',
): Tensor {
  return { shape, type, source: { kind: 'operator', operator, inputs, attributes } };
}

/** The shape of an element-wise result (NumPy broadcasting); throws RangeError where the shapes do not fit. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new RangeError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
  });
}

/** Every tensor that `outputs` depend on, each after its inputs. */
export function inTopologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    if (tensor.source.kind === 'operator') tensor.source.inputs.forEach(visit);
    order.push(tensor);
  };
  outputs.forEach(visit);
  return order;
}

/**
 * The operators: each function names its ONNX operator (opset 20). Shapes are row-major; element-wise operators broadcast as NumPy
 * does.
 */
import { apply, broadcastShape, constant, integers } from './tensor.ts';
import type { Dimension, Tensor } from './tensor.ts';

/** a + b, element-wise. */
export function add(a: Tensor, b: Tensor): Tensor {
  return apply('Add', [a, b], broadcastShape(a.shape, b.shape));
}

/** a - b, element-wise. */
export function sub(a: Tensor, b: Tensor): Tensor {
  return apply('Sub', [a, b], broadcastShape(a.shape, b.shape));
}

/** a * b, element-wise. */
export function mul(a: Tensor, b: Tensor): Tensor {
  return apply('Mul', [a, b], broadcastShape(a.shape, b.shape));
}

/** a / b, element-wise. */
export function div(a: Tensor, b: Tensor): Tensor {
  return apply('Div', [a, b], broadcastShape(a.shape, b.shape));
}

/** x * factor, with a plain number. */
export function scale(x: Tensor, factor: number): Tensor {
  return mul(x, constant(factor));
}

/** Square root. */
export function sqrt(x: Tensor): Tensor {
  return apply('Sqrt', [x], x.shape);
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: Tensor): Tensor {
  return apply('Sigmoid', [x], x.shape);
}

/** Exact GELU, x * Phi(x) with the normal distribution function Phi (paper, section 2.6; not the tanh form). */
export function gelu(x: Tensor): Tensor {
  return apply('Gelu', [x], x.shape, { approximate: 'none' });
}

type Transposed = { readonly a?: boolean; readonly b?: boolean };

/** Matrix product of a [m, k] and b [k, n]; the flags read a or b transposed. */
export function matmul(a: Tensor, b: Tensor, flags: Transposed = {}): Tensor {
  const [m, k] = matrixShape(a, flags.a);
  const [inner, n] = matrixShape(b, flags.b);
  if (k !== inner) throw new RangeError(`matmul of [${m}, ${k}] and [${inner}, ${n}]`);
  return apply('Gemm', [a, b], [m, n], gemmAttributes(flags));
}

/** total [n, m] + a'b for a [rows, n] and b [rows, m]: sums of products, one block of rows at a time. */
export function addGram(total: Tensor, a: Tensor, b: Tensor): Tensor {
  return apply('Gemm', [a, b, total], total.shape, gemmAttributes({ a: true }), a.type);
}

/**
 * A linear layer: weight [out, in] times x plus bias [out, 1], one image a column. x is [in, batch], or with `rows` [batch, in]. ONNX
 * Runtime's products are a sixth faster this way round than with one image a row: it packs the second factor, here the smaller one.
 */
export function linear(weight: Tensor, x: Tensor, bias: Tensor, { rows = false } = {}): Tensor {
  const [outputs, inputs] = matrixShape(weight);
  const [inner, batch] = matrixShape(x, rows);
  if (inputs !== inner || bias.shape.length !== 2 || bias.shape[0] !== outputs || bias.shape[1] !== 1) {
    throw new RangeError(
      `linear of weight [${outputs}, ${inputs}] with [${inner}, ${batch}] and bias [${bias.shape.join(', ')}]`,
    );
  }
  return apply('Gemm', [weight, x, bias], [outputs, batch], gemmAttributes({ b: rows }));
}

/** Matrix transpose. */
export function transpose(x: Tensor): Tensor {
  const [rows, columns] = matrixShape(x);
  return apply('Transpose', [x], [columns, rows]);
}

/** Sum over `axes`, which stay as axes of length 1. */
export function sum(x: Tensor, axes: readonly number[]): Tensor {
  const shape = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  return apply('ReduceSum', [x, integers(axes)], shape, { keepdims: 1 });
}

/** x without its axis of length 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  if (x.shape[axis] !== 1) throw new RangeError(`axis ${axis} of [${x.shape.join(', ')}] is not 1 long`);
  const shape = x.shape.filter((_, i) => i !== axis);
  return apply('Squeeze', [x, integers([axis])], shape);
}

/** The tensors joined along `axis`; they agree in every other axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (first === undefined) throw new RangeError('concat of nothing');
  const length = parts.reduce((total, part) => total + fixedLength(part, axis), 0);
  const shape = first.shape.map((d, i) => (i === axis ? length : d));
  return apply('Concat', parts, shape, { axis });
}

/** The entries start..end-1 along `axis`. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const length = fixedLength(x, axis);
  if (!(start >= 0 && start < end && end <= length))
    throw new RangeError(`slice ${start}..${end} of ${length}`);
  const shape = x.shape.map((d, i) => (i === axis ? end - start : d));
  return apply('Slice', [x, integers([start]), integers([end]), integers([axis])], shape, {}, x.type);
}

function gemmAttributes(flags: Transposed): { transA: number; transB: number } {
  return { transA: flags.a ? 1 : 0, transB: flags.b ? 1 : 0 };
}

function matrixShape(x: Tensor, transposed = false): [Dimension, Dimension] {
  const [rows, columns] = x.shape;
  if (x.shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new RangeError(`a matrix is needed, not [${x.shape.join(', ')}]`);
  }
  return transposed ? [columns, rows] : [rows, columns];
}

function fixedLength(x: Tensor, axis: number): number {
  const length = x.shape[axis];
  if (typeof length !== 'number')
    throw new RangeError(`axis ${axis} of [${x.shape.join(', ')}] has no fixed length`);
  return length;
}

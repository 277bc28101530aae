/**
 * The operators: each function names its ONNX operator (opset 20) and its backward rule, which is again a graph.
 * Shapes are row-major; element-wise operators broadcast as NumPy does.
 */
import { apply, broadcastShape, constant, integers } from './tensor.ts';
import type { Dimension, Shape, Tensor } from './tensor.ts';

/** ONNX element type number (onnx.proto3, TensorProto.DataType). */
const FLOAT32 = 1;

/** a + b, element-wise. */
export function add(a: Tensor, b: Tensor): Tensor {
  return apply('Add', [a, b], broadcastShape(a.shape, b.shape), (g) => [
    sumTo(g, a.shape),
    sumTo(g, b.shape),
  ]);
}

/** a - b, element-wise. */
export function sub(a: Tensor, b: Tensor): Tensor {
  return apply('Sub', [a, b], broadcastShape(a.shape, b.shape), (g) => [
    sumTo(g, a.shape),
    sumTo(negate(g), b.shape),
  ]);
}

/** a * b, element-wise. */
export function mul(a: Tensor, b: Tensor): Tensor {
  return apply('Mul', [a, b], broadcastShape(a.shape, b.shape), (g) => [
    sumTo(mul(g, b), a.shape),
    sumTo(mul(g, a), b.shape),
  ]);
}

/** a / b, element-wise. */
export function div(a: Tensor, b: Tensor): Tensor {
  const quotient: Tensor = apply('Div', [a, b], broadcastShape(a.shape, b.shape), (g) => [
    sumTo(div(g, b), a.shape),
    sumTo(negate(div(mul(g, quotient), b)), b.shape),
  ]);
  return quotient;
}

/** -x */
export function negate(x: Tensor): Tensor {
  return apply('Neg', [x], x.shape, (g) => [negate(g)]);
}

/** x * factor, with a plain number. */
export function scale(x: Tensor, factor: number): Tensor {
  return mul(x, constant(factor));
}

/** |x|; the gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return apply('Abs', [x], x.shape, (g) => [mul(g, sign(x))]);
}

/** -1, 0 or 1; nothing flows back. */
export function sign(x: Tensor): Tensor {
  return apply('Sign', [x], x.shape, null);
}

/** Square root; x must be positive where a gradient is wanted. */
export function sqrt(x: Tensor): Tensor {
  const root: Tensor = apply('Sqrt', [x], x.shape, (g) => [div(scale(g, 0.5), root)]);
  return root;
}

/** e^x */
export function exp(x: Tensor): Tensor {
  const power: Tensor = apply('Exp', [x], x.shape, (g) => [mul(g, power)]);
  return power;
}

/** The error function. */
export function erf(x: Tensor): Tensor {
  const slope = (): Tensor => scale(exp(negate(mul(x, x))), 2 / Math.sqrt(Math.PI));
  return apply('Erf', [x], x.shape, (g) => [mul(g, slope())]);
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: Tensor): Tensor {
  const s: Tensor = apply('Sigmoid', [x], x.shape, (g) => [mul(g, mul(s, sub(constant(1), s)))]);
  return s;
}

/** Natural logarithm. */
export function log(x: Tensor): Tensor {
  return apply('Log', [x], x.shape, (g) => [div(g, x)]);
}

/** max(x, 0); the gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return apply('Relu', [x], x.shape, (g) => [mul(g, greater(x, constant(0)))]);
}

/** The larger of a and b, element-wise; nothing flows back. */
export function max(a: Tensor, b: Tensor): Tensor {
  return apply('Max', [a, b], broadcastShape(a.shape, b.shape), null);
}

/** The smaller of a and b, element-wise; nothing flows back. */
export function min(a: Tensor, b: Tensor): Tensor {
  return apply('Min', [a, b], broadcastShape(a.shape, b.shape), null);
}

/** Exact GELU, x * Phi(x) with the normal distribution function Phi (paper, section 2.6; not the tanh form). */
export function gelu(x: Tensor): Tensor {
  const slope = (): Tensor => {
    const phi = scale(exp(scale(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    const cumulative = scale(add(erf(scale(x, Math.SQRT1_2)), constant(1)), 0.5);
    return add(cumulative, mul(x, phi));
  };
  return apply('Gelu', [x], x.shape, (g) => [mul(g, slope())], { approximate: 'none' });
}

/**
 * 2 GELU(x) times `mask`: with a mask of 0 and 0.5 / (1 - rate), GELU with dropout. One pass of the error function serves the value
 * and the slope.
 */
export function maskedGelu(x: Tensor, mask: Tensor): Tensor {
  const t = scale(x, Math.SQRT1_2);
  const twiceCumulative = add(erf(t), constant(1));
  // 2 / sqrt(pi) goes into the exponent: an operator less.
  const exponent = (): Tensor => sub(constant(Math.log(2 / Math.sqrt(Math.PI))), mul(t, t));
  const slope = (): Tensor => add(twiceCumulative, mul(t, exp(exponent())));
  // The whole slope by x goes through the first factor, the second counts as a constant.
  return apply('Mul', [mul(x, mask), twiceCumulative], x.shape, (g) => [mul(g, slope()), null]);
}

/** 1 where a > b, else 0, as float32; nothing flows back. */
export function greater(a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShape(a.shape, b.shape);
  const mask = apply('Greater', [a, b], shape, null, {}, 'bool');
  return apply('Cast', [mask], shape, null, { to: FLOAT32 });
}

type Transposed = { readonly a?: boolean; readonly b?: boolean };

/** Matrix product of a [m, k] and b [k, n]; the flags read a or b transposed. */
export function matmul(a: Tensor, b: Tensor, flags: Transposed = {}): Tensor {
  const [m, k] = matrixShape(a, flags.a);
  const [inner, n] = matrixShape(b, flags.b);
  if (k !== inner) throw new RangeError(`matmul of [${m}, ${k}] and [${inner}, ${n}]`);
  return apply('Gemm', [a, b], [m, n], (g) => matmulGradients(a, b, flags, g), gemmAttributes(flags));
}

/** total [n, m] + a'b for a [rows, n] and b [rows, m]: sums of products, one block of rows at a time; nothing flows back. */
export function addGram(total: Tensor, a: Tensor, b: Tensor): Tensor {
  return apply('Gemm', [a, b, total], total.shape, null, gemmAttributes({ a: true }), a.type);
}

/**
 * A linear layer: weight [out, in] times x plus bias [out, 1], one image a column. x is [in, batch], or with `rows` [batch, in]. ONNX
 * Runtime's products are a sixth faster this way round than with one image a row: it packs the second factor, here the smaller one.
 */
export function linear(weight: Tensor, x: Tensor, bias: Tensor, { rows = false } = {}): Tensor {
  const flags = { b: rows };
  const [outputs, inputs] = matrixShape(weight);
  const [inner, batch] = matrixShape(x, rows);
  if (inputs !== inner || bias.shape.length !== 2 || bias.shape[0] !== outputs || bias.shape[1] !== 1) {
    throw new RangeError(
      `linear of weight [${outputs}, ${inputs}] with [${inner}, ${batch}] and bias [${bias.shape.join(', ')}]`,
    );
  }
  const backward = (g: Tensor): Tensor[] => [...matmulGradients(weight, x, flags, g), sumTo(g, bias.shape)];
  return apply('Gemm', [weight, x, bias], [outputs, batch], backward, gemmAttributes(flags));
}

/** Matrix transpose. */
export function transpose(x: Tensor): Tensor {
  const [rows, columns] = matrixShape(x);
  return apply('Transpose', [x], [columns, rows], (g) => [transpose(g)]);
}

/** Sum over `axes`, which stay as axes of length 1. */
export function sum(x: Tensor, axes: readonly number[]): Tensor {
  const shape = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  return apply('ReduceSum', [x, integers(axes)], shape, (g) => [expandLike(g, x), null], { keepdims: 1 });
}

/** Sum of the squares of all entries of a matrix, [1, 1]. */
export function sumOfSquares(x: Tensor): Tensor {
  return apply('ReduceSumSquare', [x, integers([0, 1])], [1, 1], (g) => [scale(mul(g, x), 2), null], {
    keepdims: 1,
  });
}

/** x without its axis of length 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  if (x.shape[axis] !== 1) throw new RangeError(`axis ${axis} of [${x.shape.join(', ')}] is not 1 long`);
  const shape = x.shape.filter((_, i) => i !== axis);
  return apply('Squeeze', [x, integers([axis])], shape, (g) => [unsqueeze(g, axis), null]);
}

/** x with a further axis of length 1. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const shape = x.shape.toSpliced(axis, 0, 1);
  return apply('Unsqueeze', [x, integers([axis])], shape, (g) => [squeeze(g, axis), null]);
}

/** The run-time shape of x, as integers. */
function lengthsOf(x: Tensor): Tensor {
  return apply('Shape', [x], [x.shape.length], null, {}, 'int64');
}

/** `g` repeated along its axes of length 1 up to the shape of x. */
function expandLike(g: Tensor, x: Tensor): Tensor {
  return apply('Expand', [g, lengthsOf(x)], x.shape, (h) => [sumTo(h, g.shape), null]);
}

/** The tensors joined along `axis`; they agree in every other axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (first === undefined) throw new RangeError('concat of nothing');
  const starts = [0];
  for (const part of parts) starts.push((starts.at(-1) ?? 0) + fixedLength(part, axis));
  const shape = first.shape.map((d, i) => (i === axis ? (starts.at(-1) ?? 0) : d));
  return apply(
    'Concat',
    parts,
    shape,
    (g) => parts.map((_, i) => slice(g, axis, starts[i] ?? 0, starts[i + 1] ?? 0)),
    { axis },
  );
}

/** The entries start..end-1 along `axis`. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const length = fixedLength(x, axis);
  if (!(start >= 0 && start < end && end <= length))
    throw new RangeError(`slice ${start}..${end} of ${length}`);
  const shape = x.shape.map((d, i) => (i === axis ? end - start : d));
  const backward = (g: Tensor): Tensor => {
    const pads = integers([start, length - end]);
    return apply('Pad', [g, pads, constant(0), integers([axis])], x.shape, (h) => [
      slice(h, axis, start, end),
      null,
      null,
      null,
    ]);
  };
  const place = [integers([start]), integers([end]), integers([axis])];
  const rule = (g: Tensor): (Tensor | null)[] => [backward(g), null, null, null];
  return apply('Slice', [x, ...place], shape, rule, {}, x.type);
}

/** Undoes broadcasting: sums `x` over the axes along which `shape` was stretched. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const extra = x.shape.length - shape.length;
  const kept = extra === 0 ? x : sumAway(x, extra);
  const stretched = shape.flatMap((d, i) => (d === 1 && kept.shape[i] !== 1 ? [i] : []));
  return stretched.length === 0 ? kept : sum(kept, stretched);
}

/** Sum over the first `leading` axes, which disappear. */
function sumAway(x: Tensor, leading: number): Tensor {
  const axes = Array.from({ length: leading }, (_, i) => i);
  return apply('ReduceSum', [x, integers(axes)], x.shape.slice(leading), (g) => [expandLike(g, x), null], {
    keepdims: 0,
  });
}

function matmulGradients(a: Tensor, b: Tensor, flags: Transposed, g: Tensor): Tensor[] {
  const gradientOfA = flags.a
    ? matmul(b, g, { a: flags.b === true, b: true })
    : matmul(g, b, { b: flags.b !== true });
  const gradientOfB = flags.b
    ? matmul(g, a, { a: true, b: flags.a === true })
    : matmul(a, g, { a: flags.a !== true });
  return [gradientOfA, gradientOfB];
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

/** Reverse-mode differentiation: the gradients of a scalar as further nodes of the same graph. */
import { add } from './operators.ts';
import { constant, inTopologicalOrder } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/**
 * dL/dx for every x in `variables`, each of the shape of its x.
 * Throws RangeError when `loss` is not a single value, or does not depend on one of the variables.
 */
export function gradients(loss: Tensor, variables: readonly Tensor[]): Tensor[] {
  if (loss.shape.some((d) => d !== 1))
    throw new RangeError(`loss of shape [${loss.shape.join(', ')}] is not one value`);
  const order = inTopologicalOrder([loss]);
  const needed = dependents(order, variables);
  const one = constant(
    new Float32Array([1]),
    loss.shape.map(() => 1),
  );
  const gradientOf = new Map<Tensor, Tensor>([[loss, one]]);
  for (const tensor of order.toReversed()) {
    const gradient = gradientOf.get(tensor);
    if (gradient === undefined || tensor.source.kind !== 'operator' || tensor.source.backward === null)
      continue;
    const incoming = tensor.source.backward(gradient);
    tensor.source.inputs.forEach((operand, i) => {
      const part = incoming[i];
      if (part === null || part === undefined || !needed.has(operand)) return;
      const known = gradientOf.get(operand);
      gradientOf.set(operand, known === undefined ? part : add(known, part));
    });
  }
  return variables.map((variable) => {
    const gradient = gradientOf.get(variable);
    if (gradient === undefined) throw new RangeError('the loss does not depend on one of the variables');
    return gradient;
  });
}

/** The variables and all that is computed from them; the rest of the graph needs no gradient. */
function dependents(order: readonly Tensor[], variables: readonly Tensor[]): Set<Tensor> {
  const found = new Set(variables);
  for (const tensor of order) {
    if (tensor.source.kind === 'operator' && tensor.source.inputs.some((operand) => found.has(operand)))
      found.add(tensor);
  }
  return found;
}

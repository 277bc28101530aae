/** Reverse-mode differentiation: gradients as further nodes of the same graph. */
import { add } from './operators.ts';
import { inTopologicalOrder } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/**
 * dL/dx for every x in `variables`, each of the shape of its x, given dL/d(output) = `slope` of the shape of `output`.
 * Throws RangeError when their shapes differ, or `output` does not depend on one of the variables.
 */
export function gradients(output: Tensor, slope: Tensor, variables: readonly Tensor[]): Tensor[] {
  if (slope.shape.length !== output.shape.length || slope.shape.some((d, i) => d !== output.shape[i]))
    throw new RangeError(`a slope [${slope.shape.join(', ')}] of an output [${output.shape.join(', ')}]`);
  const order = inTopologicalOrder([output]);
  const needed = dependents(order, variables);
  const gradientOf = new Map<Tensor, Tensor>([[output, slope]]);
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
    if (gradient === undefined) throw new RangeError('the output does not depend on one of the variables');
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

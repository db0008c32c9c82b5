import { withOperand } from './operand.ts';
import { shown } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { multiply as op } from '../ops/multiply.ts';
import { scaleBy } from '../ops/dot.ts';
import { Tensor } from '../core/tensor.ts';

/**
 * `a·b` element by element; one of the two is a tensor, the other has its shape, or is a scalar `[]` (the second) or a number.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither, or both are numbers.
 * @example
 * import { multiply, tensor } from 'residua';
 *
 * console.log(multiply(tensor([2, 4], [1, 2]), 0.5).data()); // 1, 2
 */
export function multiply(a: Tensor | number, b: Tensor | number): Tensor {
  const [x, y] = a instanceof Tensor ? [a, b] : [b, a];
  if (!(x instanceof Tensor)) {
    throw new TypeError(`multiply: ${shown(a)} and ${shown(b)} are no tensors`);
  }
  return withOperand('multiply', y, [], (other) => {
    const scalar = other.shape.length === 0 && x.shape.length > 0;
    return scalar ? apply(scaleBy, { x, s: other }, {}).y : apply(op, { a: x, b: other }, {}).y;
  });
}

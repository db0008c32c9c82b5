import { sameShape } from '../base/shape.ts';
import { apply } from '../core/apply.ts';
import { Tensor } from '../core/tensor.ts';
import { scaleBy } from '../ops/dot.ts';
import { multiplying } from '../ops/map/formulas.ts';
import { multiply as op } from '../ops/multiply.ts';
import { broadcast } from './broadcast.ts';

/**
 * `a·b` element by element, of tensors or of a tensor and a number. Shapes broadcast: axes are compared from the last on, and those of
 * size 1, or that are not there, repeat.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither a tensor nor a number, or both are numbers.
 * @example
 * import { multiply, tensor } from 'residua';
 *
 * console.log(multiply(tensor([2, 4], [1, 2]), 0.5).data()); // 1, 2
 */
export function multiply(a: Tensor | number, b: Tensor | number): Tensor {
  if (a instanceof Tensor && b instanceof Tensor) {
    if (sameShape(a.shape, b.shape)) return apply(op, { a, b }, {}).y;
    if (b.shape.length === 0) return apply(scaleBy, { x: a, s: b }, {}).y;
  }
  return broadcast(multiplying, a, b);
}

import type { Tensor } from '../core/tensor.ts';
import { dividing } from '../ops/map/formulas.ts';
import { broadcast } from './broadcast.ts';

/**
 * `a / b` element by element, of tensors or of a tensor and a number. Shapes broadcast: axes are compared from the last on, and those of
 * size 1, or that are not there, repeat.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither a tensor nor a number, or both are numbers.
 * @example
 * import { divide, tensor } from 'residua';
 *
 * console.log(divide(1, tensor([2, 4])).data()); // 0.5, 0.25
 */
export function divide(a: Tensor | number, b: Tensor | number): Tensor {
  return broadcast(dividing, a, b);
}

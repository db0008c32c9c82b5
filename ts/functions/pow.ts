import { apply } from '../core/apply.ts';
import { Tensor } from '../core/tensor.ts';
import { power, raising } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';
import { broadcast } from './broadcast.ts';

/**
 * `a^b` element by element, of tensors or of a tensor and a number; NaN where a is negative and b is no whole number. Shapes broadcast: axes are
 * compared from the last on, and those of size 1, or that are not there, repeat. The gradient by b is 0 where a is not positive.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither a tensor nor a number, or both are numbers.
 * @example
 * import { pow, tensor } from 'residua';
 *
 * console.log(pow(tensor([2, 3]), 2).data()); // 4, 9
 */
export function pow(a: Tensor | number, b: Tensor | number): Tensor {
  if (a instanceof Tensor && typeof b === 'number') {
    return apply(map, { parts: [a] }, power(b)).y;
  }
  return broadcast(raising, a, b);
}

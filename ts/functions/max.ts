import type { Tensor } from '../core/tensor.ts';
import { max as op } from '../ops/reduce/max.ts';
import { reduce, type ReduceOptions } from './reduce.ts';

/**
 * Largest of x over some axes, NaN where there is one. Ties share the gradient evenly, as in PyTorch's `amax`.
 *
 * @throws TypeError when x is not f32.
 * @throws ShapeError for an axis that is not there, or twice, or has no elements.
 * @example
 * import { max, tensor } from 'residua';
 *
 * const x = tensor([1, 2, 3, 4], [2, 2]);
 * console.log(max(x).item(), max(x, { axes: -1 }).data()); // 4, and 2, 4
 */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce(op, x, options);
}

import type { Tensor } from '../core/tensor.ts';
import { sum as op } from '../ops/reduce/sum.ts';
import { reduce, type ReduceOptions } from './reduce.ts';

/**
 * Sum of x over some axes, 0 where they have no elements. Its error is at most 2⁻¹⁸ of the sum of absolute values, however long it is.
 *
 * @throws TypeError when x is not f32.
 * @throws ShapeError for an axis that is not there, or twice.
 * @example
 * import { sum, tensor } from 'residua';
 *
 * const x = tensor([1, 2, 3, 4], [2, 2]);
 * console.log(sum(x).item(), sum(x, { axes: -1 }).data()); // 10, and 3, 7
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce(op, x, options);
}

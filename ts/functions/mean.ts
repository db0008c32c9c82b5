import type { Tensor } from '../core/tensor.ts';
import { mean as op } from '../ops/reduce/mean.ts';
import { reduce, type ReduceOptions } from './reduce.ts';

/**
 * Mean of x over some axes, NaN where they have no elements.
 *
 * @throws TypeError when x is not f32.
 * @throws ShapeError for an axis that is not there, or twice.
 * @example
 * import { mean, tensor } from 'residua';
 *
 * const x = tensor([1, 2, 3, 4], [2, 2]);
 * console.log(mean(x).item(), mean(x, { axes: -1 }).data()); // 2.5, and 1.5, 3.5
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce(op, x, options);
}

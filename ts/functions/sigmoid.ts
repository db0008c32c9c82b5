import { apply } from '../core/apply.ts';
import { sigmoid as op } from '../ops/sigmoid.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * `1 / (1 + exp(-x))` element by element, of x's shape; a NaN stays a NaN. The error is at most 2⁻²² of each value.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { sigmoid, tensor } from 'residua';
 *
 * console.log(sigmoid(tensor([0, 2], [1, 2])).data()); // 0.5, 0.88
 */
export function sigmoid(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}

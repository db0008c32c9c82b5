import { apply } from '../core/apply.ts';
import { relu as op } from '../ops/relu.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * `max(x, 0)`; a NaN stays a NaN.
 *
 * @example
 * import { relu, tensor } from 'residua';
 *
 * console.log(relu(tensor([-1, 2], [1, 2])).data()); // 0, 2
 */
export function relu(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}

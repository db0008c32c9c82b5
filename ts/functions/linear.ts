import { apply } from '../core/apply.ts';
import { linear as op } from '../ops/linear.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * `y = x·weight + bias`: x `[N, in]`, weight `[in, out]`, bias `[out]` → `[N, out]`.
 *
 * @throws ShapeError where features do not fit the weight.
 * @example
 * import { linear, tensor } from 'residua';
 *
 * const features = tensor([1, 2], [1, 2]);
 * const weight = tensor([1, 0, 1, 0, 1, 1], [2, 3]);
 * console.log(linear(features, weight).data()); // 1, 2, 3
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return apply(op, { x, w: weight, bias }, {}).y;
}

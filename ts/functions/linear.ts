import { apply } from '../core/apply.ts';
import { linear as op } from '../ops/linear.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * `y = x·weight + bias`: x `[N, in]`, weight `[in, out]`, bias `[out]` → `[N, out]`.
 *
 * @throws ShapeError where features do not fit the weight.
 * @example
 * const logits = linear(features, weight, bias);
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return apply(op, { x, w: weight, bias }, {}).y;
}

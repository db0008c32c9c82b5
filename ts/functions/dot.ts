import { apply } from '../core/apply.ts';
import { dot as op } from '../ops/dot.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * `Σ a·b` over all elements of two tensors of one shape, as a scalar `[]`.
 *
 * @throws ShapeError when the shapes differ.
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  return apply(op, { a, b }, {}).y;
}

import { apply } from '../core/apply.ts';
import { softmax as op } from '../ops/softmax.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Probabilities from logits: `exp(x) / Σ exp(x)` of each row, `[N, K]` → `[N, K]`.
 *
 * @throws ShapeError when x has not two axes.
 * @example
 * import { softmax, tensor } from 'residua';
 *
 * console.log(softmax(tensor([0, 0], [1, 2])).data()); // 0.5, 0.5
 */
export function softmax(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}

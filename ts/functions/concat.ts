import { apply } from '../core/apply.ts';
import { concat as op } from '../ops/concat.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Joins tensors `[…, Cᵢ]` along the channels: `[…, ΣCᵢ]`.
 *
 * @throws ShapeError when they differ in another axis, or there are none.
 * @example
 * import { concat, tensor } from 'residua';
 *
 * const [a, b] = [tensor([1, 2], [1, 2]), tensor([3], [1, 1])];
 * console.log(concat([a, b]).data()); // 1, 2, 3
 */
export function concat(tensors: readonly Tensor[]): Tensor {
  return apply(op, { parts: tensors }, {}).y;
}

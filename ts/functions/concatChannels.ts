import { apply } from '../core/apply.ts';
import { concat as op } from '../ops/concat.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Joins tensors `[…, Cᵢ]` along the channels: `[…, ΣCᵢ]`.
 *
 * @throws ShapeError when they differ in another axis, or there are none.
 */
export function concatChannels(tensors: readonly Tensor[]): Tensor {
  return apply(op, { parts: tensors }, {}).y;
}

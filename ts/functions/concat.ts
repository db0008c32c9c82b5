import { apply } from '../core/apply.ts';
import { concatAlong } from '../ops/moves/concatAlong.ts';
import type { Tensor } from '../core/tensor.ts';
import { axisOf } from './axisOf.ts';
import { concatChannels } from './concatChannels.ts';

/**
 * Joins tensors along an axis, the channels by default: of `[…, Sᵢ, …]`, which agree in all other axes, `[…, ΣSᵢ, …]`. A negative axis
 * is counted from the end. In a compiled plan parts that are joined along the channels are written where they lie, not copied.
 *
 * @throws ShapeError when they differ in another axis, do not have the axis, or there are none.
 * @example
 * import { concat, tensor } from 'residua';
 *
 * const [a, b] = [tensor([[1, 2]]), tensor([[3, 4]])];
 * console.log(concat([a, b]).data()); // 1, 2, 3, 4
 * console.log(concat([a, b], 0).shape); // 2, 2
 */
export function concat(tensors: readonly Tensor[], axis = -1): Tensor {
  const [first] = tensors;
  const along = first ? axisOf(first, axis) : -1;
  if (!first || along === first.shape.length - 1) return concatChannels(tensors);
  return apply(concatAlong, { parts: tensors }, { axis: along }).y;
}

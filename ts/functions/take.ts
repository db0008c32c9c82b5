import { apply } from '../core/apply.ts';
import { take as op } from '../ops/resample/take.ts';
import type { Tensor } from '../core/tensor.ts';
import { axisOf } from './axisOf.ts';

/**
 * A tensor of any type at given indices of an axis, the channels by default: x `[…, S, …]` → `[…, indices.length, …]`, NumPy's `take`.
 * Indices are numbers that a plan knows when it is made. They may repeat: then their gradients add up, in the order of the
 * indices. A negative index or axis is counted from the end.
 *
 * @throws RangeError when x does not have an index; ShapeError when it does not have the axis.
 * @example
 * import { take, tensor } from 'residua';
 *
 * console.log(take(tensor([[1, 2, 3]]), [2, 0, 0]).data()); // 3, 1, 1
 */
export function take(x: Tensor, indices: ArrayLike<number>, axis = -1): Tensor {
  const along = axisOf(x, axis);
  const size = x.shape[along] ?? 0;
  const counted = Array.from(indices, (index) =>
    index < 0 && index >= -size ? index + size : index,
  );
  return apply(op, { x }, { axis: along, indices: counted }).y;
}

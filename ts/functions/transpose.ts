import { apply } from '../core/apply.ts';
import { transpose as op } from '../ops/moves/transpose.ts';
import type { Tensor } from '../core/tensor.ts';
import { axisOf } from './axisOf.ts';

/**
 * A tensor of any type with its axes in another order, as NumPy's `transpose` and PyTorch's `permute`: axis i of the result is axis
 * `permutation[i]` of x. A negative axis is counted from the end.
 *
 * @throws ShapeError when the permutation does not name each axis of x once.
 * @example
 * import { transpose, tensor } from 'residua';
 *
 * console.log(transpose(tensor([[1, 2, 3], [4, 5, 6]]), [1, 0]).data()); // 1, 4, 2, 5, 3, 6
 */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  return apply(op, { x }, { permutation: permutation.map((axis) => axisOf(x, axis)) }).y;
}

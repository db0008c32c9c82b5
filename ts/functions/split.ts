import { expectWhole } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { split as op } from '../ops/moves/split.ts';
import type { Tensor } from '../core/tensor.ts';
import { axisOf } from './axisOf.ts';

/**
 * Cuts a tensor of any type along an axis, the channels by default, into parts of these sizes, or into parts of one size, of which the
 * last may be smaller. A negative axis is counted from the end.
 *
 * @throws ShapeError when the sizes do not sum to that of the axis, or x does not have the axis; RangeError for a size below 1.
 * @example
 * import { split, tensor } from 'residua';
 *
 * const [a, b] = split(tensor([[1, 2, 3]]), [1, 2]);
 * console.log(a?.data(), b?.data()); // 1 and 2, 3
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = -1): readonly Tensor[] {
  const along = axisOf(x, axis);
  const parts = typeof sizes === 'number' ? equalParts(x.shape[along] ?? 0, sizes) : sizes;
  return apply(op, { x }, { axis: along, sizes: parts }).parts;
}

function equalParts(whole: number, size: number): number[] {
  expectWhole('split', 'size', size);
  const count = Math.max(1, Math.ceil(whole / size));
  return Array.from({ length: count }, (_, index) => Math.min(size, whole - index * size));
}

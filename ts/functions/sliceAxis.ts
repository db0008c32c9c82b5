import { ShapeError } from '../base/errors.ts';
import { expectOptions, shown, type OptionNames } from '../base/settings.ts';
import { formatShape } from '../base/shape.ts';
import { apply } from '../core/apply.ts';
import { slice as op } from '../ops/moves/slice.ts';
import type { Tensor } from '../core/tensor.ts';
import { axisOf } from './axisOf.ts';

/** Which indices {@link sliceAxis} takes. Negative numbers are counted from the end. */
export interface SliceAxisOptions {
  /** The axis; the last, the channels, by default. */
  readonly axis?: number;
  /** The first index; 0 by default. */
  readonly start?: number;
  /** The index after the last; the size of the axis by default. */
  readonly end?: number;
}

const OPTIONS: OptionNames<SliceAxisOptions> = { axis: 1, start: 1, end: 1 };

/**
 * The indices of an axis from `start` up to but not including `end`: x `[…, S, …]` → `[…, end - start, …]`, of any type. As in PyTorch and
 * JAX -1 is the last index; unlike there, indices that do not exist are an error, not cut off.
 *
 * @throws ShapeError when x does not have these indices, or `end` lies before `start`.
 * @example
 * import { sliceAxis, tensor } from 'residua';
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * console.log(sliceAxis(x, { start: -2 }).data()); // 2, 3, 5, 6
 * console.log(sliceAxis(x, { axis: 0, end: 1 }).data()); // 1, 2, 3
 */
export function sliceAxis(x: Tensor, options: SliceAxisOptions = {}): Tensor {
  expectOptions('sliceAxis', options, OPTIONS);
  const axis = axisOf(x, options.axis ?? -1);
  const size = x.shape[axis];
  if (size === undefined) {
    const facts = `input ${formatShape(x.shape)} has ${x.shape.length} axes`;
    throw new ShapeError(`sliceAxis: axis is ${shown(options.axis ?? -1)} but ${facts}`);
  }
  const { start = 0, end = size } = options;
  const [first, after] = [start, end].map((index) => (index < 0 ? index + size : index));
  return apply(
    op,
    { x },
    {
      start: x.shape.map((_, other) => (other === axis ? first! : 0)),
      size: x.shape.map((whole, other) => (other === axis ? after! - first! : whole)),
    },
  ).y;
}

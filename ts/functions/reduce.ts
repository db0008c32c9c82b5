import { expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Op } from '../ops/op.ts';
import type { One } from '../ops/places.ts';
import { reduceAttrs, type Axes, type ReduceAttrs } from '../ops/reduce/axes.ts';

export type { Axes };

/** What `sum`, `mean` and `max` go over. */
export interface ReduceOptions {
  /** One axis or several, counted from the first, or from the last where negative; all of them by default. */
  readonly axes?: Axes;
  /** Leaves a 1 in the place of each axis; false by default. */
  readonly keepDims?: boolean;
}

const OPTIONS: OptionNames<ReduceOptions> = { axes: 1, keepDims: 1 };

/** Applies an op to what the options say; throws ShapeError for an axis that is not there. */
export function reduce(
  op: Op<{ x: One }, { y: One }, ReduceAttrs>,
  x: Tensor,
  options: ReduceOptions,
): Tensor {
  expectOptions(op.name, options, OPTIONS);
  return apply(op, { x }, reduceAttrs(op.name, x.shape, options.axes, options.keepDims)).y;
}

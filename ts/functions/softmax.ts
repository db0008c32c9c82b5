import { expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { axisOf } from '../ops/reduce/axes.ts';
import { softmax as op } from '../ops/softmax.ts';
import { softmaxAxis } from '../ops/softmaxAxis.ts';
import type { Tensor } from '../core/tensor.ts';

/** What `softmax` and `logSoftmax` go over. */
export interface SoftmaxOptions {
  /** Counted from the first axis, or from the last where negative; -1, the last, by default. */
  readonly axis?: number;
}

/** All of them. */
export const SOFTMAX_OPTIONS: OptionNames<SoftmaxOptions> = { axis: 1 };

/**
 * Probabilities from logits: `exp(x) / Σ exp(x)` along an axis, of x's shape.
 *
 * @throws ShapeError when there is no such axis.
 * @example
 * import { softmax, tensor } from 'residua';
 *
 * console.log(softmax(tensor([0, 0], [1, 2])).data()); // 0.5, 0.5
 */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  expectOptions('softmax', options, SOFTMAX_OPTIONS);
  const axis = axisOf('softmax', x.shape, options.axis ?? -1);
  if (axis === x.shape.length - 1) return apply(op, { x }, {}).y;
  return apply(softmaxAxis, { x }, { axis, log: false }).y;
}

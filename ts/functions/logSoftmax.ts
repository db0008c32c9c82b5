import { expectOptions } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { axisOf } from '../ops/reduce/axes.ts';
import { softmaxAxis } from '../ops/softmaxAxis.ts';
import type { Tensor } from '../core/tensor.ts';
import { SOFTMAX_OPTIONS, type SoftmaxOptions } from './softmax.ts';

/**
 * Logarithms of probabilities from logits: `x - log Σ exp(x)` along an axis, of x's shape.
 *
 * @throws ShapeError when there is no such axis.
 * @example
 * import { logSoftmax, tensor } from 'residua';
 *
 * console.log(logSoftmax(tensor([0, 0], [1, 2])).data()); // -0.69, -0.69
 */
export function logSoftmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  expectOptions('logSoftmax', options, SOFTMAX_OPTIONS);
  return apply(
    softmaxAxis,
    { x },
    { axis: axisOf('logSoftmax', x.shape, options.axis ?? -1), log: true },
  ).y;
}

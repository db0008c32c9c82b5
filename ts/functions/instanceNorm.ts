import { expectOptions } from '../base/settings.ts';
import { channelsOf } from '../base/shape.ts';
import { apply } from '../core/apply.ts';
import { groupNorm } from '../ops/groupNorm/groupNorm.ts';
import type { Tensor } from '../core/tensor.ts';
import { GROUP_NORM_OPTIONS, type GroupNormOptions } from './groupNorm.ts';

/**
 * `γ·(x - μ)/√(σ² + eps) + β` with mean and biased variance of each image's channels (Ulyanov, Vedaldi and Lempitsky 2016):
 * x `[N, …, C]`.
 *
 * @throws ShapeError when the channels differ, or a channel of an image has a single value.
 * @example
 * import { instanceNorm, tensor } from 'residua';
 *
 * console.log(instanceNorm(tensor([1, 20, 3, 40], [1, 1, 2, 2])).data()); // -1, -1, 1, 1
 */
export function instanceNorm(x: Tensor, options: GroupNormOptions = {}): Tensor {
  expectOptions('instanceNorm', options, GROUP_NORM_OPTIONS);
  const { weight, bias, eps = 1e-5 } = options;
  const attrs = { groups: Math.max(1, channelsOf(x.shape)), eps, place: 'instanceNorm' };
  return apply(groupNorm, { x, gamma: weight, beta: bias }, attrs).y;
}

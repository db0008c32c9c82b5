import { expectOptions, expectWhole, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { groupNorm as op } from '../ops/groupNorm/groupNorm.ts';
import type { Tensor } from '../core/tensor.ts';

/** Parameters of {@link groupNorm} and `instanceNorm`, each `[C]`, and what is added to the variance. */
export interface GroupNormOptions {
  /** γ; 1 where it is absent. */
  readonly weight?: Tensor;
  /** β; 0 where it is absent. */
  readonly bias?: Tensor;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

/** All of them. */
export const GROUP_NORM_OPTIONS: OptionNames<GroupNormOptions> = { weight: 1, bias: 1, eps: 1 };

/**
 * `γ·(x - μ)/√(σ² + eps) + β` with mean and biased variance of each image's groups of channels (Wu and He 2018): x `[N, …, C]`, of
 * whose channels each C / groups that follow each other are a group.
 *
 * @throws RangeError when groups is not a whole number ≥ 1.
 * @throws ShapeError when the groups do not divide the channels, or a group has a single value.
 * @example
 * import { groupNorm, tensor } from 'residua';
 *
 * console.log(groupNorm(tensor([1, 3, 20, 40], [1, 4]), 2).data()); // -1, 1, -1, 1
 */
export function groupNorm(x: Tensor, groups: number, options: GroupNormOptions = {}): Tensor {
  expectOptions('groupNorm', options, GROUP_NORM_OPTIONS);
  expectWhole('groupNorm', 'groups', groups);
  const { weight, bias, eps = 1e-5 } = options;
  return apply(op, { x, gamma: weight, beta: bias }, { groups, eps, place: 'groupNorm' }).y;
}

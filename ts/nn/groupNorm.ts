import { expectOptions, expectWhole, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { parameter } from '../core/create.ts';
import type { Tensor } from '../core/tensor.ts';
import { expectNormSettings } from '../ops/batchNorm/norm.ts';
import { groupNorm } from '../ops/groupNorm/groupNorm.ts';
import { constant } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of a {@link GroupNorm}. */
export interface GroupNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Learns γ and β; true by default. */
  readonly affine?: boolean;
}

const OPTIONS: OptionNames<GroupNormLayerOptions> = { eps: 1, affine: 1 };

/**
 * Group normalisation (Wu and He 2018) of `[N, …, C]`: `y = γ·(x - μ)/√(σ² + eps) + β`, with mean and biased variance of each
 * image's groups of channels. The same in training and not.
 *
 * @example
 * import { GroupNorm, tensor } from 'residua';
 *
 * const norm = new GroupNorm(2, 4);
 * console.log(norm.forward(tensor([1, 3, 20, 40], [1, 1, 1, 4])).data()); // -1, 1, -1, 1
 */
export class GroupNorm extends Module {
  /** γ, `[channels]`, unless `affine` is false. */
  readonly weight?: Tensor;
  /** β, `[channels]`, unless `affine` is false. */
  readonly bias?: Tensor;
  readonly groups: number;
  readonly channels: number;
  /** Added to the variance. */
  eps: number;

  /** Throws RangeError for a setting out of its range, or groups that do not divide the channels. */
  constructor(groups: number, channels: number, options: GroupNormLayerOptions = {}) {
    super();
    expectOptions('GroupNorm', options, OPTIONS);
    expectWhole('GroupNorm', 'groups', groups);
    expectWhole('GroupNorm', 'channels', channels);
    if (channels % groups !== 0)
      throw new RangeError(`GroupNorm: ${groups} groups do not divide ${channels} channels`);
    this.groups = groups;
    this.channels = channels;
    this.eps = options.eps ?? 1e-5;
    expectNormSettings('GroupNorm', this);
    if (!(options.affine ?? true)) return;
    this.weight = constant([channels], 1);
    this.bias = parameter([channels]);
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, groups, channels, eps } = this;
    const attrs = { groups, channels, eps, place: 'groupNorm' };
    return this.here(() => apply(groupNorm, { x, gamma: weight, beta: bias }, attrs).y);
  }

  override describe(): string {
    return `GroupNorm ${this.groups} of ${this.channels}`;
  }
}

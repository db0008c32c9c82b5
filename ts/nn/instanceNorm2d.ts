import { expectOptions, expectWhole, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { parameter } from '../core/create.ts';
import type { Tensor } from '../core/tensor.ts';
import { expectNormSettings } from '../ops/batchNorm/norm.ts';
import { groupNorm } from '../ops/groupNorm/groupNorm.ts';
import { constant } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of an {@link InstanceNorm2d}. */
export interface InstanceNorm2dOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Learns γ and β; false by default, as in PyTorch. */
  readonly affine?: boolean;
}

const OPTIONS: OptionNames<InstanceNorm2dOptions> = { eps: 1, affine: 1 };

/**
 * Instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016) of `[N, H, W, C]`: `y = γ·(x - μ)/√(σ² + eps) + β`, with mean and
 * biased variance of each image's channels. It keeps no running statistics, as PyTorch's by default.
 *
 * @example
 * import { InstanceNorm2d, tensor } from 'residua';
 *
 * const norm = new InstanceNorm2d(2);
 * console.log(norm.forward(tensor([1, 20, 3, 40], [1, 1, 2, 2])).data()); // -1, -1, 1, 1
 */
export class InstanceNorm2d extends Module {
  /** γ, `[channels]`, if `affine` is true. */
  readonly weight?: Tensor;
  /** β, `[channels]`, if `affine` is true. */
  readonly bias?: Tensor;
  readonly channels: number;
  /** Added to the variance. */
  eps: number;

  /** Throws RangeError for a setting out of its range. */
  constructor(channels: number, options: InstanceNorm2dOptions = {}) {
    super();
    expectOptions('InstanceNorm2d', options, OPTIONS);
    expectWhole('InstanceNorm2d', 'channels', channels);
    this.channels = channels;
    this.eps = options.eps ?? 1e-5;
    expectNormSettings('InstanceNorm2d', this);
    if (!options.affine) return;
    this.weight = constant([channels], 1);
    this.bias = parameter([channels]);
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, channels, eps } = this;
    const attrs = { groups: channels, channels, eps, place: 'instanceNorm' };
    return this.here(() => apply(groupNorm, { x, gamma: weight, beta: bias }, attrs).y);
  }

  override describe(): string {
    return `InstanceNorm2d ${this.channels}`;
  }
}

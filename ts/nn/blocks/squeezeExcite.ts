import { globalAvgPool2d } from '../../functions/globalAvgPool2d.ts';
import { multiply } from '../../functions/multiply.ts';
import { relu } from '../../functions/relu.ts';
import { reshape } from '../../functions/reshape.ts';
import { sigmoid } from '../../functions/sigmoid.ts';
import { expectOptions, type OptionNames } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import { Module } from '../module.ts';
import { through } from '../through.ts';
import type { Activation, Attention } from './blockOptions.ts';

/** Settings of {@link SqueezeExcite}. */
export interface SqueezeExciteOptions {
  /** Channels between the two convolutions; a 16th, in multiples of 8 and at least 8, by default, as in timm. */
  readonly squeezed?: number;
  /** Between the two convolutions; ReLU by default. */
  readonly act?: Activation;
}

const OPTIONS: OptionNames<SqueezeExciteOptions> = { squeezed: 1, act: 1 };

/**
 * Scales each channel by what the means of all say (Hu et al. 2018, arXiv:1709.01507):
 * `x · sigmoid(fc2(act(fc1(mean(x)))))`, with 1×1 convolutions. `[N, H, W, channels]` → the same shape.
 *
 * @example
 * ```ts
 * import { init, noGrad, SqueezeExcite, zeros } from 'residua';
 *
 * await init();
 * const se = new SqueezeExcite(32, { squeezed: 4 });
 * console.log(noGrad(() => se.forward(zeros([1, 6, 6, 32]))).shape); // [1, 6, 6, 32]
 * ```
 */
export class SqueezeExcite extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;
  readonly #act: Activation;

  /** Throws RangeError for a number of channels that is not a whole number ≥ 1. */
  constructor(channels: number, options: SqueezeExciteOptions = {}) {
    super();
    expectOptions('SqueezeExcite', options, OPTIONS);
    const { squeezed = sixteenth(channels), act = relu } = options;
    this.fc1 = new Conv2d(channels, squeezed, { kernelSize: 1 });
    this.fc2 = new Conv2d(squeezed, channels, { kernelSize: 1 });
    this.#act = act;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => {
      const means = reshape(globalAvgPool2d(x), [x.shape[0]!, 1, 1, x.shape[3]!]);
      return multiply(x, through(means, this.fc1, this.#act, this.fc2, sigmoid));
    });
  }
}

/** A 16th of the channels, rounded to a multiple of 8. */
const sixteenth = (channels: number): number =>
  Math.max(8, Math.floor((channels / 16 + 4) / 8) * 8);

/** {@link SqueezeExcite} as timm's SE-ResNets have it: the option `attention` of blocks and of `ResNet`. */
export const squeezeExcite: Attention = (channels) => new SqueezeExcite(channels);

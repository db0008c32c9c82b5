import { conv2d } from '../../functions/conv2d.ts';
import { globalAvgPool2d } from '../../functions/globalAvgPool2d.ts';
import { multiply } from '../../functions/multiply.ts';
import { reshape } from '../../functions/reshape.ts';
import { sigmoid } from '../../functions/sigmoid.ts';
import { expectWhole } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { uniform } from '../initialize.ts';
import { Module } from '../module.ts';
import { through } from '../through.ts';
import type { Attention } from './blockOptions.ts';

/** The kernel of {@link EfficientChannelAttention}, along the channels of `[N, channels, 1, 1]`. */
class ChannelConv extends Module {
  /** `[taps, 1, 1]`, as PyTorch's one-dimensional convolution. */
  readonly weight: Tensor;

  constructor(taps: number) {
    super();
    this.weight = uniform([taps, 1, 1], 1 / Math.sqrt(taps));
  }

  override forward(x: Tensor): Tensor {
    const [taps] = this.weight.shape as [number, number, number];
    const kernel = reshape(this.weight, [taps, 1, 1, 1]);
    return this.here(() => conv2d(x, kernel, { padding: [(taps - 1) / 2, 0] }));
  }
}

/**
 * Scales each channel by what the means of its neighbours say (Wang et al. 2020, arXiv:1910.03151): `x · sigmoid(conv(mean(x)))`,
 * a convolution along the channels of `|log₂ channels + 1| / 2` taps, rounded down and then to an odd number, at least 3.
 * `[N, H, W, channels]` → the same shape.
 *
 * @example
 * ```ts
 * import { EfficientChannelAttention, init, noGrad, zeros } from 'residua';
 *
 * await init();
 * const eca = new EfficientChannelAttention(256);
 * console.log(eca.conv.weight.shape); // [5, 1, 1]
 * console.log(noGrad(() => eca.forward(zeros([1, 6, 6, 256]))).shape); // [1, 6, 6, 256]
 * ```
 */
export class EfficientChannelAttention extends Module {
  readonly conv: ChannelConv;

  /** Throws RangeError for a number of channels that is not a whole number ≥ 1. */
  constructor(channels: number) {
    super();
    expectWhole('EfficientChannelAttention', 'channels', channels);
    this.conv = new ChannelConv(tapsFor(channels));
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => {
      const [images, , , channels] = x.shape as [number, number, number, number];
      const means = reshape(globalAvgPool2d(x), [images, channels, 1, 1]);
      const gate = reshape(through(means, this.conv, sigmoid), [images, 1, 1, channels]);
      return multiply(x, gate);
    });
  }
}

/** Half of `log₂ channels + 1`, which counts the bits: powers of two have one more than the number before. */
function tapsFor(channels: number): number {
  const bits = 32 - Math.clz32(channels);
  const taps = Math.floor(bits / 2);
  return Math.max(3, taps % 2 === 1 ? taps : taps + 1);
}

/** {@link EfficientChannelAttention}: the option `attention` of blocks and of `ResNet`. */
export const efficientChannelAttention: Attention = (channels) =>
  new EfficientChannelAttention(channels);

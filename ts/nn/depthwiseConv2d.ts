import { expectOptions, type OptionNames } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { depthwiseConv2d } from '../functions/depthwiseConv2d.ts';
import { Conv2d, type Conv2dOptions } from './conv2d.ts';

/** Settings of a {@link DepthwiseConv2d}. */
export type DepthwiseConv2dOptions = Omit<Conv2dOptions, 'groups'>;

const OPTIONS: OptionNames<DepthwiseConv2dOptions> = {
  kernelSize: 1,
  bias: 1,
  stride: 1,
  padding: 1,
  dilation: 1,
};

/**
 * 2-D convolution of each channel by itself: `[N, H, W, channels]` → `[N, OH, OW, channels]`. It is a Conv2d in as many groups as channels,
 * with its names, weights and start, and brings the kernels for that, as depthwiseConv2d does.
 *
 * @example
 * import { DepthwiseConv2d, tensor } from 'residua';
 *
 * const conv = new DepthwiseConv2d(16, { kernelSize: 3, padding: 1, stride: 2 });
 * const x = tensor(new Float32Array(8 * 8 * 16), [1, 8, 8, 16]);
 * console.log(conv.forward(x).shape); // 1, 4, 4, 16
 */
export class DepthwiseConv2d extends Conv2d {
  /** Throws RangeError for a size that is not a whole number ≥ 1. */
  constructor(channels: number, options: DepthwiseConv2dOptions) {
    expectOptions('DepthwiseConv2d', options, OPTIONS);
    super(channels, channels, { ...options, groups: channels });
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding, dilation } = this.geometry;
    return this.here(() =>
      depthwiseConv2d(x, this.weight, { bias: this.bias, stride, padding, dilation }),
    );
  }
}

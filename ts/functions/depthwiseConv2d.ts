import { ShapeError } from '../base/errors.ts';
import { formatShape } from '../base/shape.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { withDepthwise } from '../ops/conv2d/withDepthwise.ts';
import { conv2d, type Conv2dOptions } from './conv2d.ts';

/** How {@link depthwiseConv2d} moves its kernel and what it adds. */
export type DepthwiseConv2dOptions = Omit<Conv2dOptions, 'groups'>;

const OPTIONS: OptionNames<DepthwiseConv2dOptions> = {
  bias: 1,
  residual: 1,
  relu: 1,
  stride: 1,
  padding: 1,
  dilation: 1,
};

/**
 * Convolution of each channel by itself: x `[N, H, W, C]`, weight `[KH, KW, 1, C]` → `[N, OH, OW, C]`. It is conv2d in as many groups as
 * channels, and brings the kernels for that: a page that imports it loads a second module of some kilobytes. Without it conv2d gives the
 * same within rounding, but takes the kernels of groups, and some thirty times as long. In Node they are always there.
 *
 * @throws ShapeError where channels, kernel and padded input do not fit together.
 * @example
 * import { depthwiseConv2d, tensor } from 'residua';
 *
 * const x = tensor(new Float32Array(8 * 8 * 16).fill(1), [1, 8, 8, 16]);
 * const weight = tensor(new Float32Array(3 * 3 * 16).fill(0.1), [3, 3, 1, 16]);
 * console.log(depthwiseConv2d(x, weight, { padding: 1, stride: 2 }).shape); // 1, 4, 4, 16
 */
export const depthwiseConv2d = /* @__PURE__ */ withDepthwise(
  (x: Tensor, weight: Tensor, options: DepthwiseConv2dOptions = {}): Tensor => {
    expectOptions('depthwiseConv2d', options, OPTIONS);
    const channels = x.shape[3] ?? 0;
    if (weight.shape.length === 4 && (weight.shape[2] !== 1 || weight.shape[3] !== channels)) {
      throw new ShapeError(
        `depthwiseConv2d: weight has shape ${formatShape(weight.shape)} but must be [KH, KW, 1, ${channels}] for input ${formatShape(x.shape)}`,
      );
    }
    return conv2d(x, weight, { ...options, groups: channels });
  },
);

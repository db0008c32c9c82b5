import { expectOneOf, expectOptions, type OptionNames } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { through } from '../through.ts';
import { batchNorm2d, BLOCK_OPTIONS, type BlockOptions, identity } from './blockOptions.ts';
import { lastOf } from './lastOf.ts';
import { ResidualBlock, type Branches } from './residualBlock.ts';
import { shortcutBeside } from './shortcut.ts';
import { strideOf } from './strideOf.ts';

/** Settings of a {@link Bottleneck}. */
export interface BottleneckOptions extends BlockOptions {
  /** Channels of the 3×3 convolution; a quarter of the block's by default. */
  readonly width?: number;
  /** Groups of the 3×3 convolution (ResNeXt, Xie et al. 2017); 1 by default. */
  readonly groups?: number;
  /**
   * Which convolution has the stride: the `3x3` one, as in torchvision (the default), or the first `1x1`, as in the paper
   * and in Keras's applications. With `antialias` neither has one.
   */
  readonly strideOn?: '3x3' | '1x1';
}

/** All of {@link BottleneckOptions}. */
export const BOTTLENECK_OPTIONS: OptionNames<BottleneckOptions> = {
  ...BLOCK_OPTIONS,
  width: 1,
  groups: 1,
  strideOn: 1,
};

/**
 * 1×1, 3×3, 1×1 and a shortcut (He et al. 2015):
 * `act(bn3(conv3(act(bn2(conv2(act(bn1(conv1(x)))))))) + shortcut(x))`.
 * `[N, H, W, inChannels]` → `[N, H / stride, W / stride, outChannels]`.
 *
 * @example
 * ```ts
 * import { Bottleneck, init, noGrad, zeros } from 'residua';
 *
 * await init();
 * const block = new Bottleneck(8, 16, { width: 4, stride: 2 });
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 8]))).shape); // [1, 3, 3, 16]
 * ```
 */
export class Bottleneck extends ResidualBlock {
  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly conv2: Conv2d;
  readonly bn2: Module;
  /** Shrinks the image; absent without `antialias`, and at stride 1. */
  readonly aa?: Module;
  readonly conv3: Conv2d;
  readonly bn3: Module;
  /** Scales the channels of F; absent without `attention`. */
  readonly se?: Module;
  /** The shortcut, named as torchvision names a projection; null in a plain block. */
  readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BottleneckOptions = {}) {
    expectOptions('Bottleneck', options, BOTTLENECK_OPTIONS);
    super(options);
    const { norm = batchNorm2d, padding = 1, bias = false } = options;
    const { stride, aa } = strideOf(options);
    const { width = outChannels / 4, groups = 1, strideOn = '3x3' } = options;
    expectOneOf('Bottleneck', 'strideOn', strideOn, ['3x3', '1x1']);
    const [first, second] = strideOn === '1x1' ? [stride, 1] : [1, stride];
    const spatial = { kernelSize: 3, stride: second, padding, groups, bias };
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 1, stride: first, bias });
    this.bn1 = norm(width);
    this.conv2 = new Conv2d(width, width, spatial);
    this.bn2 = norm(width);
    this.aa = aa;
    this.conv3 = new Conv2d(width, outChannels, { kernelSize: 1, bias });
    this.bn3 = lastOf(norm(outChannels), options);
    this.se = options.attention?.(outChannels);
    this.downsample = shortcutBeside(this, inChannels, outChannels, { ...options, norm });
  }

  /** F(x). */
  body(x: Tensor): Tensor {
    const narrow = through(x, this.conv1, this.bn1, this.act); // [N, H, W, width]
    const hidden = through(narrow, this.conv2, this.bn2, this.act, this.aa ?? identity);
    return through(hidden, this.conv3, this.bn3, this.se ?? identity); // [N, H / stride, W / stride, outChannels]
  }

  protected override branches(x: Tensor): Branches {
    return { transform: this.body(x), skip: this.downsample?.forward(x) };
  }
}

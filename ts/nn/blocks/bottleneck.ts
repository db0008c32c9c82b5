import { expectOneOf } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { batchNorm2d, type BlockOptions } from './blockOptions.ts';
import { ResidualBlock } from './residualBlock.ts';
import { shortcutOf } from './shortcut.ts';

/** Settings of a {@link Bottleneck}. */
export interface BottleneckOptions extends BlockOptions {
  /** Channels of the 3×3 convolution; a quarter of the block's by default. */
  readonly width?: number;
  /** Groups of the 3×3 convolution (ResNeXt, Xie et al. 2017); 1 by default. */
  readonly groups?: number;
  /**
   * Which convolution has the stride: the `3x3` one, as in torchvision (the default), or the first `1x1`, as in the paper
   * and in Keras's applications.
   */
  readonly strideOn?: '3x3' | '1x1';
}

/**
 * 1×1, 3×3, 1×1 and a shortcut (He et al. 2015):
 * `act(bn3(conv3(act(bn2(conv2(act(bn1(conv1(x)))))))) + shortcut(x))`.
 */
export class Bottleneck extends ResidualBlock {
  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly conv2: Conv2d;
  readonly bn2: Module;
  readonly conv3: Conv2d;
  readonly bn3: Module;
  override readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BottleneckOptions = {}) {
    super(options);
    const { stride = 1, norm = batchNorm2d, padding = 1, bias = false } = options;
    const { width = outChannels / 4, groups = 1, strideOn = '3x3' } = options;
    expectOneOf('Bottleneck', 'strideOn', strideOn, ['3x3', '1x1']);
    const [first, second] = strideOn === '1x1' ? [stride, 1] : [1, stride];
    const spatial = { kernelSize: 3, stride: second, padding, groups, bias };
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 1, stride: first, bias });
    this.bn1 = norm(width);
    this.conv2 = new Conv2d(width, width, spatial);
    this.bn2 = norm(width);
    this.conv3 = new Conv2d(width, outChannels, { kernelSize: 1, bias });
    this.bn3 = norm(outChannels);
    this.downsample = shortcutOf(options, inChannels, outChannels, norm);
    this.finish(inChannels, options, this.bn3);
  }

  override body(x: Tensor): Tensor {
    const narrow = this.act(this.bn1.forward(this.conv1.forward(x)));
    const hidden = this.act(this.bn2.forward(this.conv2.forward(narrow)));
    return this.bn3.forward(this.conv3.forward(hidden));
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => this.act(this.join(this.body(x), this.downsample?.forward(x))));
  }
}

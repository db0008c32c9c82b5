import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { batchNorm2d, type BlockOptions } from './blockOptions.ts';
import type { BottleneckOptions } from './bottleneck.ts';
import { ResidualBlock } from './residualBlock.ts';
import { shortcutOf } from './shortcut.ts';

/**
 * A block with normalisation and activation in front of each convolution and none after the sum (He et al. 2016,
 * arXiv:1603.05027). A projection takes the activated input, as in the authors' code; an identity the raw one.
 */
abstract class PreActivationBlock extends ResidualBlock {
  abstract readonly bn1: Module;

  override forward(x: Tensor): Tensor {
    return this.here(() => {
      const activated = this.act(this.bn1.forward(x));
      const projects = this.downsample !== null && this.downsample.stateDict().size > 0;
      return this.join(this.body(activated), this.downsample?.forward(projects ? activated : x));
    });
  }
}

/** Two 3×3 convolutions: `conv2(act(bn2(conv1(act(bn1(x)))))) + shortcut(x)`. */
export class PreActBasicBlock extends PreActivationBlock {
  override readonly bn1: Module;
  readonly conv1: Conv2d;
  readonly bn2: Module;
  readonly conv2: Conv2d;
  override readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BlockOptions = {}) {
    super(options);
    const { stride = 1, norm = batchNorm2d, padding = 1, bias = false } = options;
    const spatial = { kernelSize: 3, padding, bias };
    this.bn1 = norm(inChannels);
    this.conv1 = new Conv2d(inChannels, outChannels, { ...spatial, stride });
    this.bn2 = norm(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, spatial);
    this.downsample = shortcutOf(options, inChannels, outChannels, null);
    this.finish(inChannels, options, this.conv2);
  }

  override body(activated: Tensor): Tensor {
    return this.conv2.forward(this.act(this.bn2.forward(this.conv1.forward(activated))));
  }
}

/** 1×1, 3×3, 1×1: `conv3(act(bn3(conv2(act(bn2(conv1(act(bn1(x))))))))) + shortcut(x)`. */
export class PreActBottleneck extends PreActivationBlock {
  override readonly bn1: Module;
  readonly conv1: Conv2d;
  readonly bn2: Module;
  readonly conv2: Conv2d;
  readonly bn3: Module;
  readonly conv3: Conv2d;
  override readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BottleneckOptions = {}) {
    super(options);
    const { stride = 1, norm = batchNorm2d, padding = 1, bias = false } = options;
    const { width = outChannels / 4, groups = 1 } = options;
    const spatial = { kernelSize: 3, stride, padding, groups, bias };
    this.bn1 = norm(inChannels);
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 1, bias });
    this.bn2 = norm(width);
    this.conv2 = new Conv2d(width, width, spatial);
    this.bn3 = norm(width);
    this.conv3 = new Conv2d(width, outChannels, { kernelSize: 1, bias });
    this.downsample = shortcutOf(options, inChannels, outChannels, null);
    this.finish(inChannels, options, this.conv3);
  }

  override body(activated: Tensor): Tensor {
    const narrow = this.act(this.bn2.forward(this.conv1.forward(activated)));
    return this.conv3.forward(this.act(this.bn3.forward(this.conv2.forward(narrow))));
  }
}

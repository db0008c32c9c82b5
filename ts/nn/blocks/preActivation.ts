import type { Tensor } from '../../tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import type { BottleneckOptions } from './bottleneck.ts';
import { batchNorm2d, type BlockOptions } from './blockOptions.ts';
import { ResidualBlock } from './residualBlock.ts';

/**
 * Two 3×3 convolutions with normalisation and activation in front: `conv2(act(bn2(conv1(act(bn1(x)))))) + shortcut(x)`
 * (He et al. 2016, arXiv:1603.05027). A projection takes the activated input, as in the authors' code; an identity the raw one.
 */
export class PreActBasicBlock extends ResidualBlock {
  readonly bn1: Module;
  readonly conv1: Conv2d;
  readonly bn2: Module;
  readonly conv2: Conv2d;
  override readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BlockOptions) {
    super(options);
    const { stride = 1, norm = batchNorm2d } = options;
    this.bn1 = norm(inChannels);
    this.conv1 = new Conv2d(inChannels, outChannels, {
      kernelSize: 3,
      stride,
      padding: 1,
      bias: false,
    });
    this.bn2 = norm(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, { kernelSize: 3, padding: 1, bias: false });
    this.downsample = options.shortcut;
    this.finish(inChannels, options, this.bn2);
  }

  override body(activated: Tensor): Tensor {
    return this.conv2.forward(this.act(this.bn2.forward(this.conv1.forward(activated))));
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => {
      const activated = this.act(this.bn1.forward(x));
      return this.join(activated, projects(this.downsample) ? activated : x);
    });
  }
}

/** 1×1, 3×3, 1×1 with normalisation and activation in front of each (He et al. 2016). */
export class PreActBottleneck extends ResidualBlock {
  readonly bn1: Module;
  readonly conv1: Conv2d;
  readonly bn2: Module;
  readonly conv2: Conv2d;
  readonly bn3: Module;
  readonly conv3: Conv2d;
  override readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BottleneckOptions) {
    super(options);
    const { stride = 1, norm = batchNorm2d, width, groups = 1 } = options;
    this.bn1 = norm(inChannels);
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 1, bias: false });
    this.bn2 = norm(width);
    this.conv2 = new Conv2d(width, width, {
      kernelSize: 3,
      stride,
      padding: 1,
      groups,
      bias: false,
    });
    this.bn3 = norm(width);
    this.conv3 = new Conv2d(width, outChannels, { kernelSize: 1, bias: false });
    this.downsample = options.shortcut;
    this.finish(inChannels, options, this.bn3);
  }

  override body(activated: Tensor): Tensor {
    const narrow = this.act(this.bn2.forward(this.conv1.forward(activated)));
    return this.conv3.forward(this.act(this.bn3.forward(this.conv2.forward(narrow))));
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => {
      const activated = this.act(this.bn1.forward(x));
      return this.join(activated, projects(this.downsample) ? activated : x);
    });
  }
}

/** Whether a shortcut has weights. */
function projects(shortcut: Module | null): boolean {
  return shortcut !== null && shortcut.parameters().size > 0;
}

import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { batchNorm2d, type BlockOptions } from './blockOptions.ts';
import { ResidualBlock } from './residualBlock.ts';
import { shortcutOf } from './shortcut.ts';

/** Two 3×3 convolutions and a shortcut: `act(bn2(conv2(act(bn1(conv1(x))))) + shortcut(x))` (He et al. 2015). */
export class BasicBlock extends ResidualBlock {
  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly conv2: Conv2d;
  readonly bn2: Module;
  override readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BlockOptions = {}) {
    super(options);
    const { stride = 1, norm = batchNorm2d, padding = 1, bias = false } = options;
    const spatial = { kernelSize: 3, padding, bias };
    this.conv1 = new Conv2d(inChannels, outChannels, { ...spatial, stride });
    this.bn1 = norm(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, spatial);
    this.bn2 = norm(outChannels);
    this.downsample = shortcutOf(options, inChannels, outChannels, norm);
    this.finish(inChannels, options, this.bn2);
  }

  override body(x: Tensor): Tensor {
    const hidden = this.act(this.bn1.forward(this.conv1.forward(x)));
    return this.bn2.forward(this.conv2.forward(hidden));
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => this.act(this.join(this.body(x), this.downsample?.forward(x))));
  }
}

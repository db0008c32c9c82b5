import { add } from '../../functions/add.ts';
import { relu } from '../../functions/relu.ts';
import type { Tensor } from '../../tensor.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import { Conv2d } from '../conv2d.ts';
import { Module } from '../module.ts';

/** Settings of a {@link BasicBlock}. */
export interface BasicBlockOptions {
  /** Stride of the first 3×3 convolution; 1 by default. */
  readonly stride?: number;
  /** What is added to F(x); a module of the same output shape, or null for a plain block without a shortcut. */
  readonly shortcut: Module | null;
}

/** Two 3×3 convolutions and a shortcut: `relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))` (He et al. 2015). */
export class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  /** Named as torchvision names a projection. */
  readonly downsample: Module | null;

  constructor(inChannels: number, outChannels: number, options: BasicBlockOptions) {
    super();
    const { stride = 1 } = options;
    this.conv1 = new Conv2d(inChannels, outChannels, {
      kernelSize: 3,
      stride,
      padding: 1,
      bias: false,
    });
    this.bn1 = new BatchNorm2d(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, { kernelSize: 3, padding: 1, bias: false });
    this.bn2 = new BatchNorm2d(outChannels);
    this.downsample = options.shortcut;
  }

  override forward(x: Tensor): Tensor {
    const hidden = relu(this.bn1.forward(this.conv1.forward(x)));
    const body = this.bn2.forward(this.conv2.forward(hidden));
    return this.here(() => relu(this.downsample ? add(body, this.downsample.forward(x)) : body));
  }
}

import { expectOptions } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { through } from '../through.ts';
import { batchNorm2d, BLOCK_OPTIONS, type BlockOptions, identity } from './blockOptions.ts';
import { lastOf } from './lastOf.ts';
import { ResidualBlock, type Branches } from './residualBlock.ts';
import { shortcutBeside } from './shortcut.ts';
import { strideOf } from './strideOf.ts';

/**
 * Two 3×3 convolutions and a shortcut: `act(bn2(conv2(act(bn1(conv1(x))))) + shortcut(x))` (He et al. 2015).
 * `[N, H, W, inChannels]` → `[N, H / stride, W / stride, outChannels]`.
 *
 * @example
 * ```ts
 * import { BasicBlock, init, noGrad, zeros } from 'residua';
 *
 * await init();
 * const block = new BasicBlock(4, 8, { stride: 2 });
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 4]))).shape); // [1, 3, 3, 8]
 * ```
 */
export class BasicBlock extends ResidualBlock {
  readonly conv1: Conv2d;
  readonly bn1: Module;
  /** Shrinks the image; absent without `antialias`, and at stride 1. */
  readonly aa?: Module;
  readonly conv2: Conv2d;
  readonly bn2: Module;
  /** Scales the channels of F; absent without `attention`. */
  readonly se?: Module;
  /** The shortcut, named as torchvision names a projection; null in a plain block. */
  readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BlockOptions = {}) {
    expectOptions('BasicBlock', options, BLOCK_OPTIONS);
    super(options);
    const { norm = batchNorm2d, padding = 1, bias = false } = options;
    const { stride, aa } = strideOf(options);
    const spatial = { kernelSize: 3, padding, bias };
    this.conv1 = new Conv2d(inChannels, outChannels, { ...spatial, stride });
    this.bn1 = norm(outChannels);
    this.aa = aa;
    this.conv2 = new Conv2d(outChannels, outChannels, spatial);
    this.bn2 = lastOf(norm(outChannels), options);
    this.se = options.attention?.(outChannels);
    this.downsample = shortcutBeside(this, inChannels, outChannels, { ...options, norm });
  }

  /** F(x). */
  body(x: Tensor): Tensor {
    const hidden = through(x, this.conv1, this.bn1, this.act, this.aa ?? identity);
    return through(hidden, this.conv2, this.bn2, this.se ?? identity);
  }

  protected override branches(x: Tensor): Branches {
    return { transform: this.body(x), skip: this.downsample?.forward(x) };
  }
}

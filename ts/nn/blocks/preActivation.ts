import { expectOptions } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { through } from '../through.ts';
import { batchNorm2d, BLOCK_OPTIONS, type BlockOptions, identity } from './blockOptions.ts';
import { BOTTLENECK_OPTIONS, type BottleneckOptions } from './bottleneck.ts';
import { lastOf } from './lastOf.ts';
import { ResidualBlock, type Branches } from './residualBlock.ts';
import { shortcutBeside } from './shortcut.ts';
import { strideOf } from './strideOf.ts';

/**
 * Two 3×3 convolutions with normalisation and activation in front of each and none after the sum (He et al. 2016,
 * arXiv:1603.05027): `conv2(act(bn2(conv1(act(bn1(x)))))) + shortcut(x)`. `[N, H, W, inChannels]` →
 * `[N, H / stride, W / stride, outChannels]`.
 *
 * @example
 * ```ts
 * import { init, noGrad, PreActBasicBlock, zeros } from 'residua';
 *
 * await init();
 * const block = new PreActBasicBlock(4, 8, { stride: 2 });
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 4]))).shape); // [1, 3, 3, 8]
 * ```
 */
export class PreActBasicBlock extends ResidualBlock {
  readonly bn1: Module;
  readonly conv1: Conv2d;
  readonly bn2: Module;
  /** Shrinks the image; absent without `antialias`, and at stride 1. */
  readonly aa?: Module;
  readonly conv2: Conv2d;
  /** Scales the channels of F; absent without `attention`. */
  readonly se?: Module;
  /** The shortcut, named as torchvision names a projection; null in a plain block. */
  readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BlockOptions = {}) {
    expectOptions('PreActBasicBlock', options, BLOCK_OPTIONS);
    super(options, identity);
    const { norm = batchNorm2d, padding = 1, bias = false } = options;
    const { stride, aa } = strideOf(options);
    const spatial = { kernelSize: 3, padding, bias };
    this.bn1 = norm(inChannels);
    this.conv1 = new Conv2d(inChannels, outChannels, { ...spatial, stride });
    this.bn2 = norm(outChannels);
    this.aa = aa;
    this.conv2 = lastOf(new Conv2d(outChannels, outChannels, spatial), options);
    this.se = options.attention?.(outChannels);
    this.downsample = shortcutBeside(this, inChannels, outChannels, { ...options, norm: null });
  }

  /** F of the activated input. */
  body(activated: Tensor): Tensor {
    const hidden = through(activated, this.conv1, this.bn2, this.act, this.aa ?? identity);
    return through(hidden, this.conv2, this.se ?? identity);
  }

  protected override branches(x: Tensor): Branches {
    return activatedBranches(this, x, through(x, this.bn1, this.act));
  }
}

/**
 * 1×1, 3×3, 1×1 with normalisation and activation in front of each and none after the sum (He et al. 2016,
 * arXiv:1603.05027): `conv3(act(bn3(conv2(act(bn2(conv1(act(bn1(x))))))))) + shortcut(x)`. `[N, H, W, inChannels]` →
 * `[N, H / stride, W / stride, outChannels]`.
 *
 * @example
 * ```ts
 * import { init, noGrad, PreActBottleneck, zeros } from 'residua';
 *
 * await init();
 * const block = new PreActBottleneck(8, 16, { width: 4, stride: 2 });
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 8]))).shape); // [1, 3, 3, 16]
 * ```
 */
export class PreActBottleneck extends ResidualBlock {
  readonly bn1: Module;
  readonly conv1: Conv2d;
  readonly bn2: Module;
  readonly conv2: Conv2d;
  readonly bn3: Module;
  /** Shrinks the image; absent without `antialias`, and at stride 1. */
  readonly aa?: Module;
  readonly conv3: Conv2d;
  /** Scales the channels of F; absent without `attention`. */
  readonly se?: Module;
  /** The shortcut, named as torchvision names a projection; null in a plain block. */
  readonly downsample: Module | null;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(inChannels: number, outChannels: number, options: BottleneckOptions = {}) {
    expectOptions('PreActBottleneck', options, BOTTLENECK_OPTIONS);
    super(options, identity);
    const { norm = batchNorm2d, padding = 1, bias = false } = options;
    const { stride, aa } = strideOf(options);
    const { width = outChannels / 4, groups = 1 } = options;
    const spatial = { kernelSize: 3, stride, padding, groups, bias };
    this.bn1 = norm(inChannels);
    this.conv1 = new Conv2d(inChannels, width, { kernelSize: 1, bias });
    this.bn2 = norm(width);
    this.conv2 = new Conv2d(width, width, spatial);
    this.bn3 = norm(width);
    this.aa = aa;
    this.conv3 = lastOf(new Conv2d(width, outChannels, { kernelSize: 1, bias }), options);
    this.se = options.attention?.(outChannels);
    this.downsample = shortcutBeside(this, inChannels, outChannels, { ...options, norm: null });
  }

  /** F of the activated input. */
  body(activated: Tensor): Tensor {
    const narrow = through(activated, this.conv1, this.bn2, this.act); // [N, H, W, width]
    const hidden = through(narrow, this.conv2, this.bn3, this.act, this.aa ?? identity);
    return through(hidden, this.conv3, this.se ?? identity); // [N, H / stride, W / stride, outChannels]
  }

  protected override branches(x: Tensor): Branches {
    return activatedBranches(this, x, through(x, this.bn1, this.act));
  }
}

/** F and a projection take the activated input, as in the authors' code; an identity takes the raw one. */
function activatedBranches(
  block: PreActBasicBlock | PreActBottleneck,
  x: Tensor,
  activated: Tensor,
): Branches {
  const { downsample } = block;
  const projects = downsample !== null && downsample.stateDict().size > 0;
  return {
    transform: block.body(activated),
    skip: downsample?.forward(projects ? activated : x),
  };
}

import { expectOptions, expectWhole, shown, type OptionNames } from '../base/settings.ts';
import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { add } from '../functions/add.ts';
import { concat } from '../functions/concat.ts';
import { pixelShuffle } from '../functions/pixelShuffle.ts';
import { relu } from '../functions/relu.ts';
import { Activate } from '../nn/activate.ts';
import { identity } from '../nn/blocks/blockOptions.ts';
import { DenseConcat } from '../nn/blocks/denseConcat.ts';
import { Residual } from '../nn/blocks/residual.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Identity } from '../nn/identity.ts';
import { Module } from '../nn/module.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';

/** Settings of a {@link ResidualDenseNet}. */
export interface ResidualDenseNetOptions {
  /** How many times as high and as wide the output is: 2, 3 or 4; 2 by default. */
  readonly scale?: number;
  /** Residual dense blocks, D; 16 by default. */
  readonly blocks?: number;
  /** Convolutions of a block, C; 8 by default. */
  readonly layers?: number;
  /** Channels that each of them adds, G; 64 by default. */
  readonly growth?: number;
  /** Channels between the blocks, G₀; 64 by default. */
  readonly width?: number;
  /** Channels of the images; 3 by default. */
  readonly inChannels?: number;
  /** Seed of the initial weights; without it they go on from `manualSeed`. */
  readonly seed?: number;
}

const OPTIONS: OptionNames<ResidualDenseNetOptions> = {
  scale: 1,
  blocks: 1,
  layers: 1,
  growth: 1,
  width: 1,
  inChannels: 1,
  seed: 1,
};

const spatial = (inChannels: number, outChannels: number): Conv2d =>
  new Conv2d(inChannels, outChannels, { kernelSize: 3, padding: 1 });

/**
 * Zhang et al.'s residual dense network for super-resolution (2018, arXiv:1802.08797): dense blocks inside residual ones, all their
 * outputs fused, and pixels made of channels. `[N, H, W, inChannels]` → `[N, scale·H, scale·W, inChannels]`.
 *
 * @example
 * ```ts
 * import { init, noGrad, ResidualDenseNet, zeros } from 'residua';
 *
 * await init();
 * const model = new ResidualDenseNet({ scale: 3, blocks: 2, layers: 3, growth: 8, width: 16 });
 * console.log(noGrad(() => model.forward(zeros([1, 7, 5, 3]))).shape); // [1, 21, 15, 3]
 * ```
 */
export class ResidualDenseNet extends Module {
  /** Shallow features, `[N, H, W, width]`: the first are added to what the blocks give. */
  readonly sfe1: Conv2d;
  readonly sfe2: Conv2d;
  /** Residual dense blocks. */
  readonly rdbs: Sequential;
  /** Fuses the outputs of all blocks. */
  readonly gff: Sequential;
  readonly upscale: Sequential;
  readonly output: Conv2d;

  /** Throws RangeError for a scale that is not 2, 3 or 4, or a size that is not a whole number ≥ 1. */
  constructor(options: ResidualDenseNetOptions = {}) {
    expectOptions('ResidualDenseNet', options, OPTIONS);
    super();
    const { scale = 2, blocks = 16, layers = 8, growth = 64, width = 64 } = options;
    const { inChannels = 3, seed } = options;
    for (const [name, size] of Object.entries({ blocks, layers, growth, width, inChannels }))
      expectWhole('ResidualDenseNet', name, size);
    if (seed !== undefined) manualSeed(seed);
    this.sfe1 = spatial(inChannels, width);
    this.sfe2 = spatial(width, width);
    const rdbs = Array.from({ length: blocks }, () => residualDenseBlock(width, growth, layers));
    this.rdbs = new Sequential(...rdbs);
    this.gff = new Sequential(
      new Conv2d(blocks * width, width, { kernelSize: 1 }),
      spatial(width, width),
    );
    this.upscale = new Sequential(...upscaling(width, scale));
    this.output = spatial(width, inChannels);
    this.name();
  }

  override forward(x: Tensor): Tensor {
    const shallow = this.sfe1.forward(x); // [N, H, W, width]
    const outputs: Tensor[] = [];
    for (const block of this.rdbs.layers.values())
      outputs.push(block.forward(outputs.at(-1) ?? this.sfe2.forward(shallow)));
    const deep = add(this.gff.forward(concat(outputs)), shallow); // [N, H, W, width]
    return this.output.forward(this.upscale.forward(deep)); // [N, scale·H, scale·W, inChannels]
  }

  override exampleShape(): Shape {
    return [1, 64, 64, this.sfe1.inChannels];
  }
}

/** `x + fuse(dense(x))`: each layer of `dense` adds `growth` channels to what it reads, `fuse` is a 1×1 convolution. */
function residualDenseBlock(width: number, growth: number, layers: number): Residual {
  const layer = (index: number): DenseConcat =>
    new DenseConcat(new Sequential(spatial(width + index * growth, growth), new Activate(relu)));
  const dense = Array.from({ length: layers }, (_, index) => layer(index));
  const fuse = new Conv2d(width + layers * growth, width, { kernelSize: 1 });
  return new Residual(new Sequential(...dense, fuse), new Identity(), { act: identity });
}

/** Convolutions whose channels become pixels: by 2 twice for a scale of 4. */
function upscaling(width: number, scale: number): Module[] {
  if (![2, 3, 4].includes(scale))
    throw new RangeError(`ResidualDenseNet: scale is ${shown(scale)} but must be 2, 3 or 4`);
  const steps = scale === 4 ? [2, 2] : [scale];
  return steps.flatMap((step) => [
    spatial(width, width * step * step),
    new Activate((x) => pixelShuffle(x, step)),
  ]);
}

/** The paper's network: 16 blocks of 8 layers, growth 64; 22,123,395 parameters at scale 2. */
export const rdn = (options?: ResidualDenseNetOptions): ResidualDenseNet =>
  new ResidualDenseNet(options);

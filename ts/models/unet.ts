import { expectOptions, type OptionNames } from '../base/settings.ts';
import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { concat } from '../functions/concat.ts';
import { interpolate } from '../functions/interpolate.ts';
import { relu } from '../functions/relu.ts';
import { convNorm } from '../nn/blocks/convNorm.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Module } from '../nn/module.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import type { Named } from '../io/weights/naming.ts';
import { timmEncoder } from './namings/timmEncoder.ts';
import type { ResNet, ResNetOptions } from './resnet.ts';
import { resnet18, resnet34, resnet50 } from './resnetRecipes.ts';

/** Settings of a {@link UNet}. */
export interface UNetOptions extends Pick<ResNetOptions, 'inChannels' | 'norm' | 'seed'> {
  /** Channels of the output, one a class; 1 by default. */
  readonly numClasses?: number;
}

const OPTIONS: OptionNames<UNetOptions> = { inChannels: 1, norm: 1, seed: 1, numClasses: 1 };

/** Channels of the decoder's blocks, from the smallest image to the largest. */
const WIDTHS = [256, 128, 64, 32, 16] as const;

/** A ResNet without its head. */
class Encoder extends Module {
  readonly #net: ResNet;

  constructor(net: ResNet) {
    super();
    this.#net = net;
    net.fc.dispose();
  }

  override *children(): Generator<[string, Module]> {
    for (const [name, child] of this.#net.children()) if (name !== 'fc') yield [name, child];
  }

  /** What the stem and each stage give, the largest image first. */
  pyramid(x: Tensor): Tensor[] {
    return this.#net.pyramid(x);
  }

  override forward(x: Tensor): Tensor {
    return this.#net.forwardFeatures(x);
  }
}

/** Two 3×3 convolutions on a smaller image, made as large as the larger one that it is joined with. */
class DecoderBlock extends Module {
  readonly conv1: Sequential;
  readonly conv2: Sequential;

  constructor(inChannels: number, outChannels: number, options: Pick<UNetOptions, 'norm'>) {
    super();
    const spatial = { kernelSize: 3, norm: options.norm, act: relu };
    this.conv1 = convNorm(inChannels, outChannels, spatial);
    this.conv2 = convNorm(outChannels, outChannels, spatial);
  }

  /** x, made `size` large and joined with `skip` where there is one: `[N, …size, outChannels]`. */
  join(x: Tensor, size: readonly [number, number], skip: Tensor | undefined): Tensor {
    return this.here(() => {
      const larger = interpolate(x, { size, mode: 'nearest' });
      return this.forward(skip ? concat([larger, skip]) : larger);
    });
  }

  override forward(x: Tensor): Tensor {
    return through(x, this.conv1, this.conv2);
  }
}

/** The blocks that lead back to the image's size. */
class Decoder extends Module {
  readonly blocks: Sequential;

  /** `channels` are those of the encoder's pyramid, the largest image first. */
  constructor(channels: readonly number[], options: Pick<UNetOptions, 'norm'>) {
    super();
    const [smallest, ...skips] = channels.toReversed() as [number, ...number[]];
    const blocks = WIDTHS.map((width, index) => {
      const from = index === 0 ? smallest : WIDTHS[index - 1]!;
      return new DecoderBlock(from + (skips[index] ?? 0), width, options);
    });
    this.blocks = new Sequential(...blocks);
  }

  /** `[N, h, w, C]` of each level, the largest first → `[N, …size, 16]`. */
  join(pyramid: readonly Tensor[], size: readonly [number, number]): Tensor {
    const [smallest, ...skips] = pyramid.toReversed() as [Tensor, ...Tensor[]];
    const blocks = [...this.blocks.layers.values()] as DecoderBlock[];
    return blocks.reduce((x, block, index) => {
      const skip = skips[index];
      return block.join(x, skip ? [skip.shape[1]!, skip.shape[2]!] : size, skip);
    }, smallest);
  }

  override forward(x: Tensor): Tensor {
    return this.blocks.forward(x);
  }
}

/**
 * U-Net (Ronneberger et al. 2015, arXiv:1505.04597) with a ResNet as its encoder, as segmentation_models_pytorch 0.6 has it: each
 * block of the decoder enlarges by nearest neighbours, joins what the encoder has of that size, and has two 3×3 convolutions with
 * batch norm and ReLU. `[N, H, W, inChannels]` → logits `[N, H, W, numClasses]`, for every H and W.
 *
 * @example
 * ```ts
 * import { init, noGrad, unet_resnet18, zeros } from 'residua';
 *
 * await init();
 * const model = unet_resnet18({ numClasses: 2, seed: 1 }).eval();
 * console.log(noGrad(() => model.forward(zeros([1, 40, 33, 3]))).shape); // [1, 40, 33, 2]
 * ```
 */
export class UNet extends Module implements Named {
  readonly namings = [timmEncoder];
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly segmentationHead: Sequential;

  /** `encoder` makes the ResNet, in its form for photographs. */
  constructor(encoder: (options: ResNetOptions) => ResNet, options: UNetOptions = {}) {
    expectOptions('UNet', options, OPTIONS);
    super();
    const { inChannels = 3, numClasses = 1, norm, seed } = options;
    if (seed !== undefined) manualSeed(seed);
    const net = encoder({ inChannels, norm, numClasses: 1 });
    this.encoder = new Encoder(net);
    this.decoder = new Decoder(net.pyramidChannels, { norm });
    const head = new Conv2d(WIDTHS.at(-1)!, numClasses, { kernelSize: 3, padding: 1 });
    this.segmentationHead = new Sequential(head);
    this.name();
  }

  override forward(x: Tensor): Tensor {
    const [, height, width] = x.shape as [number, number, number, number];
    const decoded = this.decoder.join(this.encoder.pyramid(x), [height, width]);
    return this.segmentationHead.forward(decoded);
  }

  override exampleShape(): Shape {
    const [first] = this.stateDict().values();
    return [1, 224, 224, first!.shape[2]!];
  }
}

/** U-Net with ResNet-18 as its encoder, 14,328,209 parameters with one class. */
export const unet_resnet18 = (options?: UNetOptions): UNet => new UNet(resnet18, options);
/** U-Net with ResNet-34 as its encoder, 24,436,369 parameters with one class. */
export const unet_resnet34 = (options?: UNetOptions): UNet => new UNet(resnet34, options);
/** U-Net with ResNet-50 as its encoder, 32,521,105 parameters with one class. */
export const unet_resnet50 = (options?: UNetOptions): UNet => new UNet(resnet50, options);

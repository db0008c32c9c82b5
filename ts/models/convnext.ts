import { expectOptions, type OptionNames } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { gelu } from '../functions/gelu.ts';
import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { multiply } from '../functions/multiply.ts';
import { identity, type JoinOptions } from '../nn/blocks/blockOptions.ts';
import { ResidualBlock, type Branches } from '../nn/blocks/residualBlock.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { DepthwiseConv2d } from '../nn/depthwiseConv2d.ts';
import { Identity } from '../nn/identity.ts';
import { constant } from '../nn/initialize.ts';
import { LayerNorm } from '../nn/layerNorm.ts';
import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import {
  Classifier,
  classesOf,
  freshLinear,
  MODEL_OPTIONS,
  type ModelOptions,
} from './classifier.ts';

/** Settings of a {@link ConvNeXt}. */
export interface ConvNeXtOptions extends ModelOptions {
  /** Probability that the last block is left out for a batch, growing linearly from 0 at the first; 0 by default. */
  readonly dropPath?: number;
}

/** What tells one ConvNeXt from another. */
export interface ConvNeXtRecipe {
  /** Blocks of each of the four stages. */
  readonly blocks: readonly [number, number, number, number];
  /** Channels of each of them. */
  readonly channels: readonly [number, number, number, number];
}

const OPTIONS: OptionNames<ConvNeXtOptions> = { ...MODEL_OPTIONS, dropPath: 1 };
/** Width of the 1×1 convolutions in multiples of a block's channels. */
const EXPANSION = 4;
/** What γ begins with, so that a block begins as nearly its input. */
const INITIAL_SCALE = 1e-6;

const layerNorm = (channels: number): LayerNorm => new LayerNorm(channels, { eps: 1e-6 });

/** Two 1×1 convolutions with GELU between: `[N, H, W, channels]` → the same shape. */
class Mlp extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;

  constructor(channels: number) {
    super();
    this.fc1 = new Conv2d(channels, EXPANSION * channels, { kernelSize: 1 });
    this.fc2 = new Conv2d(EXPANSION * channels, channels, { kernelSize: 1 });
  }

  override forward(x: Tensor): Tensor {
    return through(x, this.fc1, (hidden) => gelu(hidden), this.fc2);
  }
}

/**
 * A depthwise 7×7 convolution, layer norm over the channels, two 1×1 convolutions and a learned scale of each channel:
 * `x + γ · fc2(gelu(fc1(norm(conv(x)))))` (Liu et al. 2022, arXiv:2201.03545). `[N, H, W, channels]` → the same shape.
 */
export class ConvNeXtBlock extends ResidualBlock {
  /** γ, `[channels]`. */
  readonly gamma: Tensor;
  readonly convDw: DepthwiseConv2d;
  readonly norm: LayerNorm;
  readonly mlp: Mlp;

  constructor(channels: number, options: Pick<JoinOptions, 'dropPath'> = {}) {
    super(options, identity);
    this.gamma = constant([channels], INITIAL_SCALE);
    this.convDw = new DepthwiseConv2d(channels, { kernelSize: 7, padding: 3 });
    this.norm = layerNorm(channels);
    this.mlp = new Mlp(channels);
  }

  protected override branches(x: Tensor): Branches {
    const scaled = multiply(through(x, this.convDw, this.norm, this.mlp), this.gamma);
    return { transform: scaled, skip: x };
  }
}

/** A smaller image with other channels, where they change, and blocks. */
class Stage extends Module {
  readonly downsample: Module;
  readonly blocks: Sequential;

  constructor(downsample: Module, blocks: Sequential) {
    super();
    this.downsample = downsample;
    this.blocks = blocks;
  }

  override forward(x: Tensor): Tensor {
    return through(x, this.downsample, this.blocks);
  }
}

/** Means, layer norm and a linear layer: `[N, H, W, channels]` → `[N, numClasses]`. */
class Head extends Module {
  readonly norm: LayerNorm;
  fc: Linear;

  constructor(channels: number, numClasses: number) {
    super();
    this.norm = layerNorm(channels);
    this.fc = new Linear(channels, numClasses);
  }

  override forward(x: Tensor): Tensor {
    return through(x, globalAvgPool2d, this.norm, this.fc);
  }
}

/**
 * Liu et al.'s network (2022, arXiv:2201.03545), as timm has its small ones. `[N, H, W, inChannels]` → `[N, numClasses]`. With the
 * stem for small images its first convolution is a 3×3 one of stride 1 instead of 4×4 patches.
 */
export class ConvNeXt extends Classifier {
  readonly stem: Sequential;
  readonly stages: Sequential;
  readonly head: Head;

  constructor(recipe: ConvNeXtRecipe, options: ConvNeXtOptions = {}) {
    expectOptions('ConvNeXt', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const { stem = 'imagenet', inChannels = 3, dropPath = 0 } = options;
    const { channels } = recipe;
    const patches =
      stem === 'imagenet' ? { kernelSize: 4, stride: 4 } : { kernelSize: 3, padding: 1 };
    this.stem = new Sequential(
      new Conv2d(inChannels, channels[0], patches),
      layerNorm(channels[0]),
    );
    this.stages = new Sequential(...channels.map((_, stage) => makeStage(recipe, stage, dropPath)));
    this.head = new Head(channels[3], options.numClasses ?? classesOf(stem));
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return through(
      x, // [N, 224, 224, 3]
      this.stem, // [N, 56, 56, 40]
      this.stages, // [N, 7, 7, 320]
    );
  }

  override forwardHead(features: Tensor): Tensor {
    return this.head.forward(features);
  }

  override resetHead(numClasses: number): void {
    this.head.fc = freshLinear(this.head.fc, numClasses);
    this.name();
  }
}

/** All stages but the first begin with a layer norm and a 2×2 convolution of stride 2. */
function makeStage({ channels, blocks }: ConvNeXtRecipe, stage: number, dropPath: number): Stage {
  const [width, before] = [channels[stage]!, channels[stage - 1]];
  const downsample =
    before === undefined
      ? new Identity()
      : new Sequential(layerNorm(before), new Conv2d(before, width, { kernelSize: 2, stride: 2 }));
  const total = blocks.reduce((sum, count) => sum + count, 0);
  const first = blocks.slice(0, stage).reduce((sum, count) => sum + count, 0);
  const block = (index: number): ConvNeXtBlock =>
    new ConvNeXtBlock(width, { dropPath: (dropPath * (first + index)) / (total - 1) });
  return new Stage(
    downsample,
    new Sequential(...Array.from({ length: blocks[stage]! }, (_, index) => block(index))),
  );
}

/**
 * ConvNeXt of timm's size "atto", 3,695,520 parameters.
 *
 * @example
 * import { convnext_atto, Predictor } from 'residua';
 *
 * const model = convnext_atto({ numClasses: 5, seed: 1 });
 * const logits = await new Predictor(model).logits(new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
 * console.log(logits.length); // 5
 */
export const convnext_atto = (options?: ConvNeXtOptions): ConvNeXt =>
  new ConvNeXt({ blocks: [2, 2, 6, 2], channels: [40, 80, 160, 320] }, options);

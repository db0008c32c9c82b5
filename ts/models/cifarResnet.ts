import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { relu } from '../functions/relu.ts';
import { BasicBlock } from '../nn/blocks/basicBlock.ts';
import {
  batchNorm2d,
  identity,
  type Activation,
  type BlockOptions,
} from '../nn/blocks/blockOptions.ts';
import { shortcut, type ShortcutKind } from '../nn/blocks/shortcut.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Linear } from '../nn/linear.ts';
import type { Module } from '../nn/module.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import type { Tensor } from '../core/tensor.ts';
import {
  Classifier,
  classesOf,
  freshLinear,
  stemGeometry,
  stemPool,
  type ModelOptions,
  MODEL_OPTIONS,
} from './classifier.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** Settings of a {@link CifarResNet}. */
export interface CifarResNetOptions
  extends ModelOptions, Pick<BlockOptions, 'gate' | 'norm' | 'act' | 'zeroInit' | 'dropPath'> {
  /** Kind of shortcut, or none for the plain net of the same depth; A by default, as in the paper. */
  readonly shortcuts?: ShortcutKind | 'none';
}

const OPTIONS: OptionNames<CifarResNetOptions> = {
  ...MODEL_OPTIONS,
  gate: 1,
  norm: 1,
  act: 1,
  zeroInit: 1,
  dropPath: 1,
  shortcuts: 1,
};

/**
 * He et al.'s network for 32×32 images (2015, section 4.2): a 3×3 convolution, three stages of n blocks with 16, 32 and 64
 * channels, global average pooling and a linear layer: 6n + 2 weighted layers. `[N, H, W, inChannels]` →
 * `[N, numClasses]`.
 */
export class CifarResNet extends Classifier {
  readonly conv1: Conv2d;
  readonly bn1: Module;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  fc: Linear;
  readonly #pool: Activation;
  readonly #act: Activation;

  /** Throws RangeError unless depth is 6n + 2. */
  constructor(depth: number, options: CifarResNetOptions = {}) {
    expectOptions('CifarResNet', options, OPTIONS);
    super(options.stem ?? 'cifar');
    const blocks = (depth - 2) / 6;
    if (!Number.isInteger(blocks) || blocks < 1) {
      throw new RangeError(
        `CifarResNet: depth is ${depth} but must be 6n + 2: 8, 14, 20, 32, 44, 56, 110, …`,
      );
    }
    if (options.seed !== undefined) manualSeed(options.seed);
    const { stem = 'cifar', norm = batchNorm2d, act = relu, inChannels = 3 } = options;
    this.#pool = stem === 'imagenet' ? stemPool : identity;
    this.#act = act;
    this.conv1 = new Conv2d(inChannels, 16, stemGeometry(stem));
    this.bn1 = norm(16);
    this.layer1 = makeStage(blocks, 16, 16, 1, options);
    this.layer2 = makeStage(blocks, 16, 32, 2, options);
    this.layer3 = makeStage(blocks, 32, 64, 2, options);
    this.fc = new Linear(64, options.numClasses ?? classesOf(stem));
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return through(
      this.#stem(x), // [N, 32, 32, 16]
      this.layer1, // [N, 32, 32, 16]
      this.layer2, // [N, 16, 16, 32]
      this.layer3, // [N, 8, 8, 64]
    );
  }

  /** What the stem and then each block gives, in their order; the last is what the head reads. */
  blockOutputs(x: Tensor): Tensor[] {
    const outputs = [this.#stem(x)];
    for (const stage of [this.layer1, this.layer2, this.layer3])
      for (const block of stage.layers.values()) outputs.push(block.forward(outputs.at(-1)!));
    return outputs;
  }

  #stem(x: Tensor): Tensor {
    return through(x, this.conv1, this.bn1, this.#act, this.#pool);
  }

  override forwardHead(features: Tensor): Tensor {
    return through(features, globalAvgPool2d, this.fc); // [N, 64] → [N, numClasses]
  }

  override resetHead(numClasses: number): void {
    this.fc = freshLinear(this.fc, numClasses);
    this.name();
  }
}

/** The blocks of one stage; the first has the stride. */
function makeStage(
  blocks: number,
  inChannels: number,
  channels: number,
  stride: number,
  options: CifarResNetOptions,
): Sequential {
  const { shortcuts = 'A', norm = batchNorm2d, act, gate, zeroInit, dropPath } = options;
  const block = (index: number): BasicBlock => {
    const [from, step] = index === 0 ? [inChannels, stride] : [channels, 1];
    const skip =
      shortcuts === 'none' ? null : shortcut(shortcuts, from, channels, { stride: step, norm });
    return new BasicBlock(from, channels, {
      act,
      gate,
      norm,
      zeroInit,
      dropPath,
      stride: step,
      shortcut: skip,
    });
  };
  return new Sequential(...Array.from({ length: blocks }, (_, index) => block(index)));
}

const resnet =
  (depth: number) =>
  (options?: CifarResNetOptions): CifarResNet =>
    new CifarResNet(depth, options);
const plain =
  (depth: number) =>
  (options?: CifarResNetOptions): CifarResNet =>
    new CifarResNet(depth, { ...options, shortcuts: 'none' });

/** 8 weighted layers, 0.08 M parameters. */
export const resnet8 = resnet(8);
/**
 * 20 weighted layers, 0.27 M parameters.
 *
 * @example
 * import { Predictor, resnet20 } from 'residua';
 *
 * const model = resnet20({ inChannels: 3, numClasses: 10, seed: 1 });
 * const logits = await new Predictor(model).logits(new Float32Array(32 * 32 * 3), [1, 32, 32, 3]);
 * console.log(logits.length); // 10
 */
export const resnet20 = resnet(20);
/** 32 weighted layers, 0.46 M parameters. */
export const resnet32 = resnet(32);
/** 44 weighted layers, 0.66 M parameters. */
export const resnet44 = resnet(44);
/** 56 weighted layers, 0.85 M parameters. */
export const resnet56 = resnet(56);
/** 110 weighted layers, 1.7 M parameters. */
export const resnet110 = resnet(110);
/** ResNet-8 without its shortcuts. */
export const plain8 = plain(8);
/** ResNet-20 without its shortcuts. */
export const plain20 = plain(20);
/** ResNet-32 without its shortcuts. */
export const plain32 = plain(32);
/** ResNet-44 without its shortcuts. */
export const plain44 = plain(44);
/** ResNet-56 without its shortcuts. */
export const plain56 = plain(56);
/** ResNet-110 without its shortcuts. */
export const plain110 = plain(110);

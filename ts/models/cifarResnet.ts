import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { relu } from '../functions/relu.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import { BasicBlock } from '../nn/blocks/basicBlock.ts';
import { batchNorm2d } from '../nn/blocks/blockOptions.ts';
import { shortcut, type ShortcutKind } from '../nn/blocks/shortcut.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Linear } from '../nn/linear.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import type { Tensor } from '../tensor.ts';
import { Classifier, type ModelOptions } from './classifier.ts';

/**
 * He et al.'s network for 32×32 images (2015, section 4.2): a 3×3 convolution, three stages of n blocks with 16, 32 and 64
 * channels, global average pooling and a linear layer: 6n + 2 weighted layers. `[N, H, W, inChannels]` →
 * `[N, numClasses]`. With shortcuts of kind A, or none: the plain net of the same depth.
 */
export class CifarResNet extends Classifier {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  fc: Linear;

  /** Throws RangeError unless depth is 6n + 2. */
  constructor(depth: number, shortcuts: ShortcutKind | 'none', options: ModelOptions = {}) {
    super();
    const blocks = (depth - 2) / 6;
    if (!Number.isInteger(blocks) || blocks < 1) {
      throw new RangeError(
        `CifarResNet: depth is ${depth} but must be 6n + 2: 8, 14, 20, 32, 44, 56, 110, …`,
      );
    }
    if (options.seed !== undefined) manualSeed(options.seed);
    this.conv1 = new Conv2d(options.inChannels ?? 3, 16, {
      kernelSize: 3,
      padding: 1,
      bias: false,
    });
    this.bn1 = new BatchNorm2d(16);
    this.layer1 = stage(blocks, 16, 16, 1, shortcuts);
    this.layer2 = stage(blocks, 16, 32, 2, shortcuts);
    this.layer3 = stage(blocks, 32, 64, 2, shortcuts);
    this.fc = new Linear(64, options.numClasses ?? 10);
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    const stem = relu(this.bn1.forward(this.conv1.forward(x)));
    return this.layer3.forward(this.layer2.forward(this.layer1.forward(stem)));
  }

  override forwardHead(features: Tensor): Tensor {
    return this.fc.forward(globalAvgPool2d(features));
  }

  override resetHead(numClasses: number): void {
    this.fc.dispose();
    this.fc = new Linear(64, numClasses);
    this.name();
  }
}

function stage(
  blocks: number,
  inChannels: number,
  channels: number,
  stride: number,
  kind: ShortcutKind | 'none',
): Sequential {
  const block = (index: number): BasicBlock => {
    const [from, step] = index === 0 ? [inChannels, stride] : [channels, 1];
    const skip =
      kind === 'none' ? null : shortcut(kind, from, channels, { stride: step, norm: batchNorm2d });
    return new BasicBlock(from, channels, { stride: step, shortcut: skip });
  };
  return new Sequential(...Array.from({ length: blocks }, (_, index) => block(index)));
}

const resnet =
  (depth: number) =>
  (options?: ModelOptions): CifarResNet =>
    new CifarResNet(depth, 'A', options);
const plain =
  (depth: number) =>
  (options?: ModelOptions): CifarResNet =>
    new CifarResNet(depth, 'none', options);

/** 8 weighted layers, 0.08 M parameters. */
export const resnet8 = resnet(8);
/** 20 weighted layers, 0.27 M parameters. */
export const resnet20 = resnet(20);
/** 32 weighted layers, 0.46 M parameters. */
export const resnet32 = resnet(32);
/** 44 weighted layers, 0.66 M parameters. */
export const resnet44 = resnet(44);
/** 56 weighted layers, 0.85 M parameters. */
export const resnet56 = resnet(56);
/** 110 weighted layers, 1.7 M parameters. */
export const resnet110 = resnet(110);
/** ResNet-20 without its shortcuts. */
export const plain20 = plain(20);
/** ResNet-56 without its shortcuts. */
export const plain56 = plain(56);

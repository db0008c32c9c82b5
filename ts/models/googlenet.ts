import { apply } from '../core/apply.ts';
import { adaptiveAvgPool2d } from '../functions/adaptiveAvgPool2d.ts';
import { concatChannels } from '../functions/concatChannels.ts';
import { crossEntropy, type CrossEntropyOptions } from '../functions/crossEntropy.ts';
import { fill } from '../functions/fill.ts';
import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { maxPool2d } from '../functions/maxPool2d.ts';
import { relu } from '../functions/relu.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import { identity } from '../nn/blocks/blockOptions.ts';
import { Conv2d, type Conv2dOptions } from '../nn/conv2d.ts';
import { Dropout } from '../nn/dropout.ts';
import { Flatten } from '../nn/flatten.ts';
import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import { MaxPool2d } from '../nn/pooling.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through, type Step } from '../nn/through.ts';
import { add } from '../ops/add.ts';
import { scaleBy } from '../ops/dot.ts';
import type { Tensor } from '../core/tensor.ts';
import {
  Classifier,
  classesOf,
  freshLinear,
  stemGeometry,
  type LossAndLogits,
  type ModelOptions,
  MODEL_OPTIONS,
} from './classifier.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** Settings of {@link GoogLeNet}. */
export interface GoogLeNetOptions extends ModelOptions {
  /** Probability of dropping before the last layer; 0.2 by default. */
  readonly dropout?: number;
  /** Adds the two auxiliary heads, which only {@link GoogLeNet.loss} uses; true by default. */
  readonly auxiliary?: boolean;
  /** Probability of dropping in the auxiliary heads; 0.7 by default. */
  readonly auxiliaryDropout?: number;
}

/** Convolution, batch norm (eps 1e-3), ReLU. */
class BasicConv2d extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, options: Conv2dOptions) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, { ...options, bias: false });
    this.bn = new BatchNorm2d(outChannels, { eps: 1e-3 });
  }

  override forward(x: Tensor): Tensor {
    return through(x, this.conv, this.bn, relu);
  }
}

/** Channels of an inception module's branches. */
interface Branches {
  readonly one: number;
  readonly three: readonly [reduce: number, out: number];
  /** Named five after the paper; torchvision's kernel is 3×3. */
  readonly five: readonly [reduce: number, out: number];
  readonly pool: number;
}

/** Four branches side by side, joined along the channels (Szegedy et al. 2015, figure 2b). */
class Inception extends Module {
  readonly branch1: BasicConv2d;
  readonly branch2: Sequential;
  readonly branch3: Sequential;
  readonly branch4: Sequential;

  constructor(inChannels: number, { one, three, five, pool }: Branches) {
    super();
    const reduced = ([reduce, out]: readonly [number, number]): Sequential =>
      new Sequential(
        new BasicConv2d(inChannels, reduce, { kernelSize: 1 }),
        new BasicConv2d(reduce, out, { kernelSize: 3, padding: 1 }),
      );
    this.branch1 = new BasicConv2d(inChannels, one, { kernelSize: 1 });
    this.branch2 = reduced(three);
    this.branch3 = reduced(five);
    this.branch4 = new Sequential(
      new MaxPool2d({ kernelSize: 3, stride: 1, padding: 1, ceilMode: true }),
      new BasicConv2d(inChannels, pool, { kernelSize: 1 }),
    );
  }

  override forward(x: Tensor): Tensor {
    return concatChannels(
      [this.branch1, this.branch2, this.branch3, this.branch4].map((branch) => branch.forward(x)),
    );
  }
}

/** A classifier on an intermediate feature map, against vanishing gradients. */
class InceptionAux extends Module {
  readonly conv: BasicConv2d;
  readonly fc1: Linear;
  readonly dropout: Dropout;
  fc2: Linear;

  constructor(inChannels: number, numClasses: number, dropout: number) {
    super();
    this.conv = new BasicConv2d(inChannels, 128, { kernelSize: 1 });
    this.fc1 = new Linear(16 * 128, 1024, { flattened: [4, 4, 128] });
    this.dropout = new Dropout(dropout);
    this.fc2 = new Linear(1024, numClasses);
  }

  override forward(x: Tensor): Tensor {
    return through(
      adaptiveAvgPool2d(x, 4), // [N, 4, 4, inChannels]
      this.conv, // [N, 4, 4, 128]
      new Flatten(), // [N, 2048]
      this.fc1, // [N, 1024]
      relu,
      this.dropout,
      this.fc2, // [N, numClasses]
    );
  }
}

/** Max pooling that halves the image: `[N, H, W, C]` → `[N, ⌈H / 2⌉, ⌈W / 2⌉, C]`. */
const maxPool = (x: Tensor): Tensor => maxPool2d(x, { kernelSize: 3, stride: 2, ceilMode: true });
/** The last of them, whose kernel is 2×2 in torchvision. */
const lastMaxPool = (x: Tensor): Tensor =>
  maxPool2d(x, { kernelSize: 2, stride: 2, ceilMode: true });

/** Weight of either auxiliary head in the loss (Szegedy et al. 2015, section 5). */
const AUXILIARY = 0.3;

const OPTIONS: OptionNames<GoogLeNetOptions> = {
  ...MODEL_OPTIONS,
  dropout: 1,
  auxiliary: 1,
  auxiliaryDropout: 1,
};

/** Szegedy et al.'s network (2015, arXiv:1409.4842) in torchvision's form, with batch norm. */
export class GoogLeNet extends Classifier {
  readonly conv1: BasicConv2d;
  readonly conv2: BasicConv2d;
  readonly conv3: BasicConv2d;
  readonly inception3a: Inception;
  readonly inception3b: Inception;
  readonly inception4a: Inception;
  readonly inception4b: Inception;
  readonly inception4c: Inception;
  readonly inception4d: Inception;
  readonly inception4e: Inception;
  readonly inception5a: Inception;
  readonly inception5b: Inception;
  readonly aux1?: InceptionAux;
  readonly aux2?: InceptionAux;
  readonly dropout: Dropout;
  fc: Linear;
  readonly #stemPool: Step;

  constructor(options: GoogLeNetOptions = {}) {
    expectOptions('GoogLeNet', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const { inChannels = 3, stem = 'imagenet', dropout = 0.2, auxiliary = true } = options;
    const { numClasses = classesOf(stem), auxiliaryDropout = 0.7 } = options;
    this.#stemPool = stem === 'imagenet' ? maxPool : identity;
    const inception = (
      from: number,
      one: number,
      three: readonly [number, number],
      five: readonly [number, number],
      pool: number,
    ): Inception => new Inception(from, { one, three, five, pool });
    this.conv1 = new BasicConv2d(inChannels, 64, stemGeometry(stem));
    this.conv2 = new BasicConv2d(64, 64, { kernelSize: 1 });
    this.conv3 = new BasicConv2d(64, 192, { kernelSize: 3, padding: 1 });
    this.inception3a = inception(192, 64, [96, 128], [16, 32], 32);
    this.inception3b = inception(256, 128, [128, 192], [32, 96], 64);
    this.inception4a = inception(480, 192, [96, 208], [16, 48], 64);
    this.inception4b = inception(512, 160, [112, 224], [24, 64], 64);
    this.inception4c = inception(512, 128, [128, 256], [24, 64], 64);
    this.inception4d = inception(512, 112, [144, 288], [32, 64], 64);
    this.inception4e = inception(528, 256, [160, 320], [32, 128], 128);
    this.inception5a = inception(832, 256, [160, 320], [32, 128], 128);
    this.inception5b = inception(832, 384, [192, 384], [48, 128], 128);
    if (auxiliary) {
      this.aux1 = new InceptionAux(512, numClasses, auxiliaryDropout);
      this.aux2 = new InceptionAux(528, numClasses, auxiliaryDropout);
    }
    this.dropout = new Dropout(dropout);
    this.fc = new Linear(1024, numClasses);
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return this.#features(x).features;
  }

  override forwardHead(features: Tensor): Tensor {
    return through(features, globalAvgPool2d, this.dropout, this.fc); // [N, 1024] → [N, numClasses]
  }

  /** In training the auxiliary heads count with a weight of 0.3 each. */
  override loss(x: Tensor, labels: Tensor, options?: CrossEntropyOptions): LossAndLogits {
    const { features, after4a, after4d } = this.#features(x);
    const logits = this.forwardHead(features);
    const loss = crossEntropy(logits, labels, options);
    if (!this.training || !this.aux1 || !this.aux2) return { loss, logits };
    const heads = [this.aux1.forward(after4a), this.aux2.forward(after4d)];
    const [first, second] = heads.map((head) => crossEntropy(head, labels, options));
    const auxiliary = scaled(sum(first!, second!), fill([], AUXILIARY));
    return { loss: sum(loss, auxiliary), logits };
  }

  override resetHead(numClasses: number): void {
    this.fc = freshLinear(this.fc, numClasses);
    for (const aux of [this.aux1, this.aux2]) if (aux) aux.fc2 = freshLinear(aux.fc2, numClasses);
    this.name();
  }

  /** What the head reads, and what the auxiliary heads do. */
  #features(x: Tensor): { features: Tensor; after4a: Tensor; after4d: Tensor } {
    const after4a = through(
      x, // [N, 224, 224, 3]
      this.conv1, // [N, 112, 112, 64]
      this.#stemPool, // [N, 56, 56, 64]
      this.conv2, // [N, 56, 56, 64]
      this.conv3, // [N, 56, 56, 192]
      this.#stemPool, // [N, 28, 28, 192]
      this.inception3a, // [N, 28, 28, 256]
      this.inception3b, // [N, 28, 28, 480]
      maxPool, // [N, 14, 14, 480]
      this.inception4a, // [N, 14, 14, 512]
    );
    const after4d = through(
      after4a,
      this.inception4b, // [N, 14, 14, 512]
      this.inception4c, // [N, 14, 14, 512]
      this.inception4d, // [N, 14, 14, 528]
    );
    const features = through(
      after4d,
      this.inception4e, // [N, 14, 14, 832]
      lastMaxPool, // [N, 7, 7, 832]
      this.inception5a, // [N, 7, 7, 832]
      this.inception5b, // [N, 7, 7, 1024]
    );
    return { features, after4a, after4d };
  }
}

/** 22 weighted layers, 6,624,904 parameters, 13,004,888 with its auxiliary heads. */
export const googlenet = (options?: GoogLeNetOptions): GoogLeNet => new GoogLeNet(options);

const sum = (a: Tensor, b: Tensor): Tensor => apply(add, { a, b }, { relu: false }).y;
const scaled = (x: Tensor, s: Tensor): Tensor => apply(scaleBy, { x, s }, {}).y;

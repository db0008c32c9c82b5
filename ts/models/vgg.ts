import { adaptiveAvgPool2d } from '../functions/adaptiveAvgPool2d.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import { Residual } from '../nn/blocks/residual.ts';
import { shortcut } from '../nn/blocks/shortcut.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Dropout } from '../nn/dropout.ts';
import { Flatten } from '../nn/flatten.ts';
import { Linear } from '../nn/linear.ts';
import type { Module } from '../nn/module.ts';
import { MaxPool2d } from '../nn/pooling.ts';
import { ReLU } from '../nn/relu.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import type { Tensor } from '../tensor.ts';
import { Classifier, type ModelOptions } from './classifier.ts';

/** Settings of a {@link VGG}. */
export interface VGGOptions extends ModelOptions {
  /** `imagenet`: 7×7 features and two layers of 4096; `cifar`: 1×1 features and one linear layer. `imagenet` by default. */
  readonly stem?: 'imagenet' | 'cifar';
  /** Probability of dropping in the classifier; 0.5 by default. */
  readonly dropout?: number;
  /**
   * Convolutions that a skip spans, counted from 1: `[[9, 10]]` puts one around VGG13's last two. Each pair lies within a
   * stage. None by default.
   */
  readonly skips?: readonly (readonly [first: number, last: number])[];
}

/** Widths of the convolutions of each stage; a stage ends in max pooling (Simonyan and Zisserman 2015, table 1). */
const widths = {
  11: [[64], [128], [256, 256], [512, 512], [512, 512]],
  13: [
    [64, 64],
    [128, 128],
    [256, 256],
    [512, 512],
    [512, 512],
  ],
  16: [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ],
  19: [
    [64, 64],
    [128, 128],
    [256, 256, 256, 256],
    [512, 512, 512, 512],
    [512, 512, 512, 512],
  ],
} as const;

/** Simonyan and Zisserman's plain network (2015), with or without batch norm and skips: `[N, H, W, C]` → `[N, numClasses]`. */
export class VGG extends Classifier {
  readonly features: Sequential;
  readonly classifier: Sequential;
  readonly #grid: number;
  readonly #layers: Record<string, Module>;

  constructor(depth: keyof typeof widths, batchNorm: boolean, options: VGGOptions = {}) {
    super();
    if (options.seed !== undefined) manualSeed(options.seed);
    const { stem = 'imagenet', dropout = 0.5, inChannels = 3 } = options;
    this.#grid = stem === 'imagenet' ? 7 : 1;
    this.features = new Sequential(
      ...makeFeatures(widths[depth], inChannels, batchNorm, options.skips ?? []),
    );
    const flattened = [this.#grid, this.#grid, 512] as const;
    const numClasses = options.numClasses ?? (stem === 'imagenet' ? 1000 : 10);
    this.#layers =
      stem === 'imagenet'
        ? {
            0: new Linear(49 * 512, 4096, { flattened }),
            1: new ReLU(),
            2: new Dropout(dropout),
            3: new Linear(4096, 4096),
            4: new ReLU(),
            5: new Dropout(dropout),
            6: new Linear(4096, numClasses),
          }
        : { 0: new Linear(512, numClasses) };
    this.classifier = new Sequential(this.#layers);
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  override forwardHead(features: Tensor): Tensor {
    return this.classifier.forward(new Flatten().forward(adaptiveAvgPool2d(features, this.#grid)));
  }

  override resetHead(numClasses: number): void {
    resetLast(this.classifier, numClasses);
    this.name();
  }
}

/** Puts a fresh linear layer at the end of a classifier. */
export function resetLast(classifier: Sequential, numClasses: number): void {
  const [name, old] = [...classifier.layers].at(-1)! as [string, Linear];
  const [features] = old.weight.shape as [number, number];
  old.dispose();
  (classifier.layers as Map<string, Module>).set(name, new Linear(features, numClasses));
}

function makeFeatures(
  stages: readonly (readonly number[])[],
  inChannels: number,
  batchNorm: boolean,
  skips: readonly (readonly [number, number])[],
): Module[] {
  const layers: Module[] = [];
  let [channels, number] = [inChannels, 0];
  const conv = (width: number): Module[] => {
    const made = new Conv2d(channels, width, { kernelSize: 3, padding: 1 });
    channels = width;
    return batchNorm ? [made, new BatchNorm2d(width)] : [made];
  };
  for (const stage of stages) {
    const end = number + stage.length;
    for (let index = 0; index < stage.length; index++) {
      number++;
      const skip = skips.find(([first]) => first === number);
      if (!skip) {
        layers.push(...conv(stage[index]!), new ReLU());
        continue;
      }
      const [first, last] = skip;
      if (last < first || last > end) {
        throw new RangeError(
          `VGG: a skip from convolution ${first} to ${last} leaves its stage, which ends at ${end}`,
        );
      }
      const from = channels;
      const body = stage
        .slice(index, index + last - first + 1)
        .flatMap((width, i) => [...(i ? [new ReLU()] : []), ...conv(width)]);
      layers.push(
        new Residual(
          new Sequential(...body),
          shortcut('B', from, channels, { stride: 1, norm: null, bias: true }),
        ),
      );
      index += last - first;
      number = last;
    }
    layers.push(new MaxPool2d({ kernelSize: 2, stride: 2 }));
  }
  return layers;
}

const vgg =
  (depth: keyof typeof widths, batchNorm: boolean) =>
  (options?: VGGOptions): VGG =>
    new VGG(depth, batchNorm, options);

/** 11 weighted layers, 132,863,336 parameters. */
export const vgg11 = vgg(11, false);
/** 13 weighted layers, 133,047,848 parameters. */
export const vgg13 = vgg(13, false);
/** 16 weighted layers, 138,357,544 parameters. */
export const vgg16 = vgg(16, false);
/** 19 weighted layers, 143,667,240 parameters. */
export const vgg19 = vgg(19, false);
/** VGG-11 with batch norm. */
export const vgg11_bn = vgg(11, true);
/** VGG-13 with batch norm, 133,053,736 parameters. */
export const vgg13_bn = vgg(13, true);
/** VGG-16 with batch norm. */
export const vgg16_bn = vgg(16, true);
/** VGG-19 with batch norm. */
export const vgg19_bn = vgg(19, true);

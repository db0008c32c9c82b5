import { expectOptions, type OptionNames } from '../base/settings.ts';
import { adaptiveAvgPool2d } from '../functions/adaptiveAvgPool2d.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import type { Gate } from '../nn/blocks/blockOptions.ts';
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
import { through } from '../nn/through.ts';
import type { Tensor } from '../core/tensor.ts';
import {
  classesOf,
  Classifier,
  freshLinear,
  MODEL_OPTIONS,
  type ModelOptions,
} from './classifier.ts';

/** Settings of a {@link VGG}. */
export interface VGGOptions extends ModelOptions {
  /** Probability of dropping in the classifier; 0.5 by default. */
  readonly dropout?: number;
  /**
   * Convolutions that a skip spans, counted from 1: `[[9, 10]]` puts one around VGG13's last two. Each pair lies within a
   * stage. None by default.
   */
  readonly skips?: readonly (readonly [first: number, last: number])[];
  /** Learned scalars on the branches of the skips; none by default. */
  readonly gate?: Gate;
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

const OPTIONS: OptionNames<VGGOptions> = { ...MODEL_OPTIONS, dropout: 1, skips: 1, gate: 1 };

/**
 * Simonyan and Zisserman's plain network (2015), with or without batch norm and skips: `[N, H, W, C]` → `[N, numClasses]`.
 * With the stem for small images, features of 1×1 go to one linear layer instead of 7×7 to three.
 */
export class VGG extends Classifier {
  readonly features: Sequential;
  readonly classifier: Sequential;
  readonly #grid: number;
  readonly #layers: Record<string, Module>;

  constructor(depth: keyof typeof widths, batchNorm: boolean, options: VGGOptions = {}) {
    expectOptions('VGG', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const { stem = 'imagenet', dropout = 0.5, inChannels = 3 } = options;
    this.#grid = stem === 'imagenet' ? 7 : 1;
    this.features = new Sequential(...makeFeatures(widths[depth], inChannels, batchNorm, options));
    const flattened = [this.#grid, this.#grid, 512] as const;
    const { numClasses = classesOf(stem) } = options;
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
    return through(
      adaptiveAvgPool2d(features, this.#grid), // [N, 7, 7, 512]
      new Flatten(), // [N, 25088]
      this.classifier, // [N, numClasses]
    );
  }

  override resetHead(numClasses: number): void {
    resetLast(this.classifier, numClasses);
    this.name();
  }
}

/** Puts a fresh linear layer at the end of a classifier. */
export function resetLast(classifier: Sequential, numClasses: number): void {
  const [name, old] = [...classifier.layers].at(-1)! as [string, Linear];
  (classifier.layers as Map<string, Module>).set(name, freshLinear(old, numClasses));
}

/** The convolutions of all stages, those under a skip as the body of a {@link Residual}. */
function makeFeatures(
  stages: readonly (readonly number[])[],
  inChannels: number,
  batchNorm: boolean,
  { skips = [], gate }: VGGOptions,
): Module[] {
  checkSkips(stages, skips);
  const layers: Module[] = [];
  let [channels, done] = [inChannels, 0];
  const conv = (width: number): Module[] => {
    const made = new Conv2d(channels, width, { kernelSize: 3, padding: 1 });
    channels = width;
    return batchNorm ? [made, new BatchNorm2d(width)] : [made];
  };
  for (const stage of stages) {
    const rest = [...stage];
    while (rest.length > 0) {
      const skip = skips.find(([first]) => first === done + 1);
      const count = skip ? skip[1] - skip[0] + 1 : 1;
      const from = channels;
      const body = rest
        .splice(0, count)
        .flatMap((width, index) => [...(index > 0 ? [new ReLU()] : []), ...conv(width)]);
      done += count;
      if (skip) {
        const around = shortcut('B', from, channels, { stride: 1, norm: null, bias: true });
        layers.push(new Residual(new Sequential(...body), around, { gate }));
      } else {
        layers.push(...body, new ReLU());
      }
    }
    layers.push(new MaxPool2d({ kernelSize: 2, stride: 2 }));
  }
  return layers;
}

/** Throws RangeError unless each skip spans convolutions of one stage that no other skip spans. */
function checkSkips(
  stages: readonly (readonly number[])[],
  skips: readonly (readonly [number, number])[],
): void {
  const ends = stages.map((_, index) => stages.slice(0, index + 1).flat().length);
  for (const [first, last] of skips) {
    const end = ends.find((stageEnd) => first <= stageEnd);
    const start = ends.findLast((stageEnd) => stageEnd < first) ?? 0;
    const fits =
      Number.isInteger(first) && Number.isInteger(last) && first > start && first <= last;
    if (!fits || end === undefined || last > end) {
      const bounds = [1, ...ends.flatMap((stageEnd) => [stageEnd, stageEnd + 1])].slice(0, -1);
      const known = ends.map((_, index) => `${bounds[2 * index]}–${bounds[2 * index + 1]}`);
      throw new RangeError(
        `VGG: a skip from convolution ${first} to ${last} must lie within a stage: ${known.join(', ')}`,
      );
    }
    const other = skips.find((skip) => skip[0] > first && skip[0] <= last);
    const twice = skips.filter((skip) => skip[0] === first).length > 1;
    if (other || twice) {
      throw new RangeError(`VGG: two skips span convolution ${other?.[0] ?? first}, not one`);
    }
  }
}

const vgg =
  (depth: keyof typeof widths, batchNorm: boolean) =>
  (options?: VGGOptions): VGG =>
    new VGG(depth, batchNorm, options);

/** 11 weighted layers, 132,863,336 parameters. */
export const vgg11 = vgg(11, false);
/**
 * 13 weighted layers, 133,047,848 parameters.
 *
 * @example
 * import { summary, vgg13 } from 'residua';
 *
 * const model = vgg13({ numClasses: 10 });
 * console.log(summary(model, [1, 32, 32, 3]).output); // 1, 10
 */
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

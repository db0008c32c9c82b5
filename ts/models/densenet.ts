import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { relu } from '../functions/relu.ts';
import { BatchNorm2d } from '../nn/batchNorm2d.ts';
import { DenseBlock, DenseLayer, Transition, type DenseLayerOptions } from '../nn/blocks/dense.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Linear } from '../nn/linear.ts';
import type { Module } from '../nn/module.ts';
import { MaxPool2d } from '../nn/pooling.ts';
import { ReLU } from '../nn/relu.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import type { Tensor } from '../core/tensor.ts';
import {
  Classifier,
  classesOf,
  freshLinear,
  stemGeometry,
  type ModelOptions,
  type Stem,
  MODEL_OPTIONS,
} from './classifier.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** Settings of a {@link DenseNet}. */
export interface DenseNetOptions extends ModelOptions, Pick<DenseLayerOptions, 'memoryEfficient'> {
  /** Probability of dropping what a layer adds, in training; 0 by default (the paper takes 0.2 without augmentation). */
  readonly dropout?: number;
}

/** What tells one DenseNet from another. */
interface Recipe {
  /** Layers of each block. */
  readonly layers: readonly number[];
  /** Channels that a layer adds: k. */
  readonly growth: number;
  /** Channels of the first convolution. */
  readonly initial: number;
  /** Width of the 1×1 bottleneck in multiples of k; 0 for none. */
  readonly bottleneck: number;
  /** Share of the channels that a transition keeps: θ. */
  readonly compression: number;
  readonly stem: Stem;
}

const OPTIONS: OptionNames<DenseNetOptions> = {
  ...MODEL_OPTIONS,
  memoryEfficient: 1,
  dropout: 1,
};

/** Densely connected network (Huang et al. 2017, arXiv:1608.06993): `[N, H, W, inChannels]` → `[N, numClasses]`. */
export class DenseNet extends Classifier {
  readonly features: Sequential;
  classifier: Linear;

  constructor(recipe: Recipe, options: DenseNetOptions = {}) {
    expectOptions('DenseNet', options, OPTIONS);
    super(options.stem ?? recipe.stem);
    if (options.seed !== undefined) manualSeed(options.seed);
    const { inChannels = 3, stem = recipe.stem, dropout = 0, memoryEfficient } = options;
    const { numClasses = classesOf(stem) } = options;
    const { growth, bottleneck } = recipe;
    const modules: Record<string, Module> = {};
    let channels = recipe.initial;
    modules['conv0'] = new Conv2d(inChannels, channels, stemGeometry(stem));
    if (stem === 'imagenet') {
      modules['norm0'] = new BatchNorm2d(channels);
      modules['relu0'] = new ReLU();
      modules['pool0'] = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
    }
    for (const [index, count] of recipe.layers.entries()) {
      const layers: Record<string, Module> = {};
      for (let layer = 1; layer <= count; layer++) {
        layers[`denselayer${layer}`] = new DenseLayer(channels, {
          growth,
          bottleneck,
          dropout,
          memoryEfficient,
        });
        channels += recipe.growth;
      }
      modules[`denseblock${index + 1}`] = new DenseBlock(layers);
      if (index === recipe.layers.length - 1) continue;
      const kept = Math.floor(channels * recipe.compression);
      modules[`transition${index + 1}`] = new Transition(channels, kept);
      channels = kept;
    }
    modules[`norm${recipe.layers.length + 1}`] = new BatchNorm2d(channels);
    this.features = new Sequential(modules);
    this.classifier = new Linear(channels, numClasses);
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return through(x, this.features, relu);
  }

  override forwardHead(features: Tensor): Tensor {
    return through(features, globalAvgPool2d, this.classifier);
  }

  override resetHead(numClasses: number): void {
    this.classifier = freshLinear(this.classifier, numClasses);
    this.name();
  }
}

const densenet =
  (recipe: Recipe) =>
  (options?: DenseNetOptions): DenseNet =>
    new DenseNet(recipe, options);
const imagenet = {
  growth: 32,
  initial: 64,
  bottleneck: 4,
  compression: 0.5,
  stem: 'imagenet',
} as const;

/** Three blocks for small images: L layers in all, k channels added by each (Huang et al. 2017, table 2). */
function small(depth: number, growth: number, bc: boolean): Recipe {
  const layers = (depth - 4) / (bc ? 6 : 3);
  if (!Number.isInteger(layers) || layers < 1) {
    throw new RangeError(`DenseNet: depth is ${depth} but must be ${bc ? '6n' : '3n'} + 4`);
  }
  const blocks = { layers: [layers, layers, layers], growth, stem: 'cifar' } as const;
  return bc
    ? { ...blocks, initial: 2 * growth, bottleneck: 4, compression: 0.5 }
    : { ...blocks, initial: 16, bottleneck: 0, compression: 1 };
}

/**
 * 121 layers, 7,978,856 parameters.
 *
 * @example
 * import { densenet121, summary } from 'residua';
 *
 * console.log(summary(densenet121(), [1, 224, 224, 3]).parameters); // 7978856
 */
export const densenet121 = densenet({ ...imagenet, layers: [6, 12, 24, 16] });
/** 161 layers, 28,681,000 parameters. */
export const densenet161 = densenet({
  ...imagenet,
  layers: [6, 12, 36, 24],
  growth: 48,
  initial: 96,
});
/** 169 layers, 14,149,480 parameters. */
export const densenet169 = densenet({ ...imagenet, layers: [6, 12, 32, 32] });
/** 201 layers, 20,013,928 parameters. */
export const densenet201 = densenet({ ...imagenet, layers: [6, 12, 48, 32] });
/** L = 40, k = 12, without bottleneck or compression, 1.0 M parameters. */
export const densenet40 = densenet(small(40, 12, false));
/** DenseNet-BC of any depth 6n + 4 and growth: bottlenecks, and transitions that halve the channels. */
export const densenetBC = (depth: number, growth: number, options?: DenseNetOptions): DenseNet =>
  new DenseNet(small(depth, growth, true), options);
/** DenseNet-BC with L = 40, k = 12, 0.2 M parameters. */
export const densenet_bc40 = densenet(small(40, 12, true));
/** DenseNet-BC with L = 40, k = 24, 0.7 M parameters. */
export const densenet_bc40_k24 = densenet(small(40, 24, true));
/** DenseNet-BC with L = 100, k = 12, 0.8 M parameters. */
export const densenet_bc100 = densenet(small(100, 12, true));
/** DenseNet-BC with L = 100, k = 24, 3.0 M parameters. */
export const densenet_bc100_k24 = densenet(small(100, 24, true));
/** DenseNet-BC with L = 250, k = 12, 3.9 M parameters. */
export const densenet_bc250 = densenet(small(250, 12, true));
/** DenseNet-BC with L = 250, k = 24, 15.3 M parameters. */
export const densenet_bc250_k24 = densenet(small(250, 24, true));

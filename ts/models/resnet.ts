import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { relu } from '../functions/relu.ts';
import { BasicBlock } from '../nn/blocks/basicBlock.ts';
import { Bottleneck, type BottleneckOptions } from '../nn/blocks/bottleneck.ts';
import {
  batchNorm2d,
  identity,
  type Activation,
  type BlockOptions,
} from '../nn/blocks/blockOptions.ts';
import { PreActBasicBlock, PreActBottleneck } from '../nn/blocks/preActivation.ts';
import { shortcut, type ShortcutKind } from '../nn/blocks/shortcut.ts';
import { Identity } from '../nn/identity.ts';
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
  stemPool,
  type ModelOptions,
  MODEL_OPTIONS,
} from './classifier.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';
import { deepStem, plainStem } from './resnetStem.ts';

/** Settings of a {@link ResNet}. */
export interface ResNetOptions
  extends
    ModelOptions,
    Pick<BlockOptions, 'gate' | 'norm' | 'act' | 'zeroInit' | 'attention' | 'antialias'> {
  /** Three 3×3 convolutions in the place of the first one (ResNet-D); false by default. */
  readonly deepStem?: boolean;
  /** Kind of shortcut; `B` by default, as in torchvision. */
  readonly shortcuts?: ShortcutKind;
  /** Where bottlenecks have their stride: `3x3` as in torchvision (the default), `1x1` as in the paper and in Keras. */
  readonly strideOn?: BottleneckOptions['strideOn'];
  /** Probability that the last block is left out for a batch, growing linearly from 0 at the first; 0 by default. */
  readonly dropPath?: number;
}

/** What tells one ResNet from another: its blocks, and options that it has by default. */
export interface ResNetRecipe extends Pick<
  ResNetOptions,
  'deepStem' | 'shortcuts' | 'attention' | 'norm' | 'antialias'
> {
  /** Blocks of each of the four stages. */
  readonly blocks: readonly [number, number, number, number];
  /** 1: two 3×3 convolutions; 4: a bottleneck that widens fourfold. */
  readonly expansion: 1 | 4;
  /** Groups of the 3×3 convolutions (ResNeXt); 1 by default. */
  readonly groups?: number;
  /** Channels of a group in the first stage; 64 by default. */
  readonly groupWidth?: number;
  /** Normalisation and activation in front (He et al. 2016). */
  readonly preActivation?: boolean;
}

const STAGES = [64, 128, 256, 512] as const;

const OPTIONS: OptionNames<ResNetOptions> = {
  ...MODEL_OPTIONS,
  gate: 1,
  norm: 1,
  act: 1,
  zeroInit: 1,
  attention: 1,
  antialias: 1,
  deepStem: 1,
  shortcuts: 1,
  strideOn: 1,
  dropPath: 1,
};

/**
 * He et al.'s network for ImageNet (2015, table 1), and its relatives ResNeXt (Xie et al. 2017), WideResNet (Zagoruyko
 * and Komodakis 2016), SE-ResNet (Hu et al. 2018), ResNet-D (He et al. 2019), antialiased ResNet (Zhang 2019) and pre-activation ResNet (He et al. 2016). `[N, H, W, inChannels]` → `[N, numClasses]`.
 */
export class ResNet extends Classifier {
  readonly conv1: Module;
  /** Not in pre-activation nets, whose blocks begin with a normalisation. */
  readonly bn1: Module;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  /** Only in pre-activation nets, whose last sum it activates. */
  readonly norm: Module;
  fc: Linear;
  /** Channels of what {@link ResNet.pyramid} gives. */
  readonly pyramidChannels: readonly number[];
  readonly #pool: Activation;
  readonly #stemAct: Activation;
  readonly #lastAct: Activation;

  constructor(recipe: ResNetRecipe, options: ResNetOptions = {}) {
    expectOptions('ResNet', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const {
      stem = 'imagenet',
      norm = recipe.norm ?? batchNorm2d,
      act = relu,
      inChannels = 3,
    } = options;
    const { preActivation = false, expansion } = recipe;
    const { deepStem: deep = recipe.deepStem, antialias = recipe.antialias } = options;
    this.#pool = stem === 'imagenet' ? (antialias?.stemPool ?? stemPool) : identity;
    [this.#stemAct, this.#lastAct] = preActivation ? [identity, act] : [act, identity];
    this.conv1 = (deep ? deepStem : plainStem)(stem, inChannels, STAGES[0], { norm, act });
    this.bn1 = preActivation ? new Identity() : norm(STAGES[0]);
    const stages = STAGES.map((_, stage) => makeStage(recipe, options, stage));
    [this.layer1, this.layer2, this.layer3, this.layer4] = stages as [
      Sequential,
      Sequential,
      Sequential,
      Sequential,
    ];
    this.norm = preActivation ? norm(STAGES[3] * expansion) : new Identity();
    this.pyramidChannels = [STAGES[0], ...STAGES.map((channels) => channels * expansion)];
    this.fc = new Linear(STAGES[3] * expansion, options.numClasses ?? classesOf(stem));
    this.name();
  }

  /** The shapes beside the steps are those of ResNet-50. */
  override forwardFeatures(x: Tensor): Tensor {
    return through(
      x, // [N, 224, 224, 3]
      this.conv1, // [N, 112, 112, 64]
      this.bn1,
      this.#stemAct,
      this.#pool, // [N, 56, 56, 64]
      this.layer1, // [N, 56, 56, 256]
      this.layer2, // [N, 28, 28, 512]
      this.layer3, // [N, 14, 14, 1024]
      this.layer4, // [N, 7, 7, 2048]
      this.norm,
      this.#lastAct,
    );
  }

  /** What the stem and each stage give, the largest image first: a half, a quarter … of x's size. */
  pyramid(x: Tensor): Tensor[] {
    const stem = through(x, this.conv1, this.bn1, this.#stemAct);
    const layer1 = through(stem, this.#pool, this.layer1);
    const layer2 = this.layer2.forward(layer1);
    const layer3 = this.layer3.forward(layer2);
    const layer4 = through(layer3, this.layer4, this.norm, this.#lastAct);
    return [stem, layer1, layer2, layer3, layer4];
  }

  override forwardHead(features: Tensor): Tensor {
    return through(features, globalAvgPool2d, this.fc); // [N, 2048] → [N, numClasses]
  }

  override resetHead(numClasses: number): void {
    this.fc = freshLinear(this.fc, numClasses);
    this.name();
  }
}

/** The blocks of one stage; the first has the stride and the projection. */
function makeStage(recipe: ResNetRecipe, options: ResNetOptions, stage: number): Sequential {
  const { expansion, groups = 1, groupWidth = 64, preActivation = false } = recipe;
  const { act, gate, zeroInit, strideOn } = options;
  const { attention = recipe.attention, antialias = recipe.antialias } = options;
  const {
    norm = recipe.norm ?? batchNorm2d,
    shortcuts = recipe.shortcuts ?? 'B',
    dropPath = 0,
  } = options;
  const channels = STAGES[stage]! * expansion;
  const width = ((STAGES[stage]! * groupWidth) / 64) * groups;
  const before = recipe.blocks.slice(0, stage).reduce((sum, count) => sum + count, 0);
  const last = recipe.blocks.reduce((sum, count) => sum + count, 0) - 1;

  const block = (index: number): Module => {
    const first = index === 0;
    const previous = stage === 0 ? STAGES[0] : STAGES[stage - 1]! * expansion;
    const from = first ? previous : channels;
    const stride = first && stage > 0 ? 2 : 1;
    const skip = shortcut(shortcuts, from, channels, { stride, norm: preActivation ? null : norm });
    const settings = {
      act,
      gate,
      norm,
      zeroInit,
      attention,
      antialias,
      stride,
      shortcut: skip,
      dropPath: (dropPath * (before + index)) / Math.max(1, last),
    };
    if (expansion === 1)
      return new (preActivation ? PreActBasicBlock : BasicBlock)(from, channels, settings);
    return new (preActivation ? PreActBottleneck : Bottleneck)(from, channels, {
      ...settings,
      width,
      groups,
      strideOn,
    });
  };
  return new Sequential(
    ...Array.from({ length: recipe.blocks[stage]! }, (_, index) => block(index)),
  );
}

import { expectOneOf, expectOptions, type OptionNames } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { silu } from '../functions/silu.ts';
import {
  batchNorm2d,
  identity,
  kerasBatchNorm2d,
  type BlockOptions,
  type Norm,
} from '../nn/blocks/blockOptions.ts';
import type { Named } from '../io/weights/naming.ts';
import { convNorm, type ConvNormOptions } from '../nn/blocks/convNorm.ts';
import { depthwiseNorm } from '../nn/blocks/depthwiseNorm.ts';
import { ResidualBlock, type Branches } from '../nn/blocks/residualBlock.ts';
import { SqueezeExcite } from '../nn/blocks/squeezeExcite.ts';
import { Dropout } from '../nn/dropout.ts';
import { Linear } from '../nn/linear.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import { Classifier, classesOf, MODEL_OPTIONS, type ModelOptions } from './classifier.ts';
import { timmEfficientNet } from './namings/timmEfficientNet.ts';
import { resetLast } from './vgg.ts';

/** Settings of an {@link EfficientNet}. */
export interface EfficientNetOptions extends ModelOptions {
  /** Probability of dropping before the last layer; 0.2 by default. */
  readonly dropout?: number;
  /** Probability that a block is left out for a batch, growing linearly from 0 at the first block; 0 by default. */
  readonly dropPath?: number;
  /** Batch norm by default. */
  readonly norm?: Norm;
  /** Zeros around images: half of the kernel on each side (`'half'`, the default), or TensorFlow's rule (`'same'`). */
  readonly padding?: ConvNormOptions['padding'];
}

const OPTIONS: OptionNames<EfficientNetOptions> = {
  ...MODEL_OPTIONS,
  dropout: 1,
  dropPath: 1,
  norm: 1,
  padding: 1,
};

/** Stages of EfficientNet-B0 (Tan and Le 2019, table 1). */
const STAGES = [
  { expansion: 1, kernelSize: 3, stride: 1, channels: 16, blocks: 1 },
  { expansion: 6, kernelSize: 3, stride: 2, channels: 24, blocks: 2 },
  { expansion: 6, kernelSize: 5, stride: 2, channels: 40, blocks: 2 },
  { expansion: 6, kernelSize: 3, stride: 2, channels: 80, blocks: 3 },
  { expansion: 6, kernelSize: 5, stride: 1, channels: 112, blocks: 3 },
  { expansion: 6, kernelSize: 5, stride: 2, channels: 192, blocks: 4 },
  { expansion: 6, kernelSize: 3, stride: 1, channels: 320, blocks: 1 },
] as const;
const [FIRST, LAST] = [32, 1280];
const BLOCKS = STAGES.reduce((sum, { blocks }) => sum + blocks, 0);

/** What tells one {@link MBConv} from another. */
interface MBConvOptions
  extends Pick<BlockOptions, 'stride' | 'norm' | 'dropPath'>, Pick<ConvNormOptions, 'padding'> {
  /** Width of the depthwise convolution in multiples of the input's channels. */
  readonly expansion: number;
  /** Side of the depthwise convolution's kernel. */
  readonly kernelSize: number;
}

/**
 * MobileNetV2's block with SiLU, and squeeze-and-excite behind the depthwise convolution (Tan and Le 2019, arXiv:1905.11946).
 * `[N, H, W, inChannels]` → `[N, H / stride, W / stride, outChannels]`; the input is added where shapes agree.
 */
export class MBConv extends ResidualBlock {
  readonly block: Sequential;
  readonly #adds: boolean;

  constructor(inChannels: number, outChannels: number, options: MBConvOptions) {
    const { expansion, kernelSize, stride = 1, norm = batchNorm2d, padding } = options;
    const adds = stride === 1 && inChannels === outChannels;
    // Without a shortcut nothing would be left.
    super({ act: silu, dropPath: adds ? options.dropPath : 0 }, identity);
    const width = inChannels * expansion;
    const { act } = this;
    this.block = new Sequential(
      ...(expansion === 1 ? [] : [convNorm(inChannels, width, { norm, act })]),
      depthwiseNorm(width, { kernelSize, stride, padding, norm, act }),
      new SqueezeExcite(width, { squeezed: Math.max(1, Math.floor(inChannels / 4)), act }),
      convNorm(width, outChannels, { norm }),
    );
    this.#adds = adds;
  }

  protected override branches(x: Tensor): Branches {
    return { transform: this.block.forward(x), skip: this.#adds ? x : undefined };
  }
}

/**
 * Tan and Le's network (2019, arXiv:1905.11946), as torchvision has it. `[N, H, W, inChannels]` → `[N, numClasses]`. With the
 * stem for small images the first convolution has stride 1.
 */
export class EfficientNet extends Classifier implements Named {
  readonly namings = [timmEfficientNet];
  readonly features: Sequential;
  readonly classifier: Sequential;

  /** `defaults` are what options are that nobody gave. */
  constructor(
    options: EfficientNetOptions = {},
    defaults: Pick<EfficientNetOptions, 'norm' | 'padding'> = {},
  ) {
    expectOptions('EfficientNet', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const { stem = 'imagenet', inChannels = 3, dropout = 0.2, dropPath = 0 } = options;
    const { norm = defaults.norm ?? batchNorm2d, padding = defaults.padding ?? 'half' } = options;
    expectOneOf('EfficientNet', 'padding', padding, ['half', 'same']);
    const stride = stem === 'imagenet' ? 2 : 1;
    const first = { kernelSize: 3, stride, padding, norm, act: silu } as const;
    this.features = new Sequential(
      convNorm(inChannels, FIRST, first),
      ...STAGES.map((_, stage) => makeStage(stage, { norm, dropPath, padding })),
      convNorm(STAGES.at(-1)!.channels, LAST, { norm, act: silu }),
    );
    const { numClasses = classesOf(stem) } = options;
    this.classifier = new Sequential(new Dropout(dropout), new Linear(LAST, numClasses));
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x); // [N, 7, 7, 1280]
  }

  override forwardHead(features: Tensor): Tensor {
    return through(features, globalAvgPool2d, this.classifier); // [N, 1280] → [N, numClasses]
  }

  override resetHead(numClasses: number): void {
    resetLast(this.classifier, numClasses);
    this.name();
  }
}

/** The blocks of one stage; the first has the stride. */
function makeStage(
  stage: number,
  { dropPath, ...options }: Pick<MBConvOptions, 'norm' | 'padding'> & { dropPath: number },
): Sequential {
  const { channels, blocks, stride, ...shape } = STAGES[stage]!;
  const from = stage === 0 ? FIRST : STAGES[stage - 1]!.channels;
  const before = STAGES.slice(0, stage).reduce((sum, { blocks: count }) => sum + count, 0);
  const block = (index: number): MBConv => {
    const settings = { ...shape, ...options, dropPath: (dropPath * (before + index)) / BLOCKS };
    return index === 0
      ? new MBConv(from, channels, { ...settings, stride })
      : new MBConv(channels, channels, settings);
  };
  return new Sequential(...Array.from({ length: blocks }, (_, index) => block(index)));
}

/**
 * EfficientNet-B0: 82 weighted layers with squeeze-and-excite, 5,288,548 parameters.
 *
 * @example
 * import { efficientnet_b0, Predictor } from 'residua';
 *
 * const model = efficientnet_b0({ numClasses: 5, seed: 1 });
 * const logits = await new Predictor(model).logits(new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
 * console.log(logits.length); // 5
 */
export const efficientnet_b0 = (options?: EfficientNetOptions): EfficientNet =>
  new EfficientNet(options);
/**
 * EfficientNet-B0 as TensorFlow has it: its padding, and batch norm with eps 1e-3 and momentum 0.01. timm's `tf_efficientnet_b0`,
 * 5,288,548 parameters.
 */
export const tf_efficientnet_b0 = (options?: EfficientNetOptions): EfficientNet =>
  new EfficientNet(options, { padding: 'same', norm: kerasBatchNorm2d });

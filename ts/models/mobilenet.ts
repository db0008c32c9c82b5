import { expectOptions, type OptionNames } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { relu6 } from '../functions/relu6.ts';
import { batchNorm2d, identity, type BlockOptions, type Norm } from '../nn/blocks/blockOptions.ts';
import type { Named } from '../io/weights/naming.ts';
import { convNorm } from '../nn/blocks/convNorm.ts';
import { depthwiseNorm } from '../nn/blocks/depthwiseNorm.ts';
import { ResidualBlock, type Branches } from '../nn/blocks/residualBlock.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Dropout } from '../nn/dropout.ts';
import { Linear } from '../nn/linear.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import { Classifier, classesOf, MODEL_OPTIONS, type ModelOptions } from './classifier.ts';
import { timmMobileNetV2 } from './namings/timmMobileNetV2.ts';
import { resetLast } from './vgg.ts';

/** Settings of a {@link MobileNetV2}. */
export interface MobileNetV2Options extends ModelOptions {
  /** Probability of dropping before the last layer; 0.2 by default. */
  readonly dropout?: number;
  /** Batch norm by default. */
  readonly norm?: Norm;
}

const OPTIONS: OptionNames<MobileNetV2Options> = { ...MODEL_OPTIONS, dropout: 1, norm: 1 };

/** Expansion t, channels c, blocks n and stride s of each stage (Sandler et al. 2018, table 2). */
const STAGES = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, channels: 32, blocks: 3, stride: 2 },
  { expansion: 6, channels: 64, blocks: 4, stride: 2 },
  { expansion: 6, channels: 96, blocks: 3, stride: 1 },
  { expansion: 6, channels: 160, blocks: 3, stride: 2 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1 },
] as const;
const [FIRST, LAST] = [32, 1280];

/** What tells one {@link InvertedResidual} from another. */
interface InvertedResidualOptions extends Pick<BlockOptions, 'stride' | 'norm'> {
  /** Width of the depthwise convolution in multiples of the input's channels. */
  readonly expansion: number;
}

/**
 * A wide depthwise 3×3 convolution between two 1×1 ones, and the input added where shapes agree:
 * `x + bn(project(relu6(bn(depthwise(relu6(bn(expand(x))))))))` (Sandler et al. 2018, arXiv:1801.04381).
 * `[N, H, W, inChannels]` → `[N, H / stride, W / stride, outChannels]`.
 */
export class InvertedResidual extends ResidualBlock {
  readonly conv: Sequential;
  readonly #adds: boolean;

  constructor(inChannels: number, outChannels: number, options: InvertedResidualOptions) {
    super({ act: relu6 }, identity);
    const { expansion, stride = 1, norm = batchNorm2d } = options;
    const width = inChannels * expansion;
    const { act } = this;
    this.conv = new Sequential(
      ...(expansion === 1 ? [] : [convNorm(inChannels, width, { norm, act })]),
      depthwiseNorm(width, { kernelSize: 3, stride, norm, act }),
      new Conv2d(width, outChannels, { kernelSize: 1, bias: false }),
      norm(outChannels),
    );
    this.#adds = stride === 1 && inChannels === outChannels;
  }

  protected override branches(x: Tensor): Branches {
    return { transform: this.conv.forward(x), skip: this.#adds ? x : undefined };
  }
}

/**
 * Sandler et al.'s network for small devices (2018, arXiv:1801.04381), as torchvision has it. `[N, H, W, inChannels]` →
 * `[N, numClasses]`. With the stem for small images the first convolution has stride 1.
 */
export class MobileNetV2 extends Classifier implements Named {
  readonly namings = [timmMobileNetV2];
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: MobileNetV2Options = {}) {
    expectOptions('MobileNetV2', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const { stem = 'imagenet', norm = batchNorm2d, inChannels = 3, dropout = 0.2 } = options;
    const last = STAGES.at(-1)!.channels;
    this.features = new Sequential(
      convNorm(inChannels, FIRST, {
        kernelSize: 3,
        stride: stem === 'imagenet' ? 2 : 1,
        norm,
        act: relu6,
      }),
      ...STAGES.flatMap((_, stage) => makeStage(stage, norm)),
      convNorm(last, LAST, { norm, act: relu6 }),
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
function makeStage(stage: number, norm: Norm): InvertedResidual[] {
  const { expansion, channels, blocks, stride } = STAGES[stage]!;
  const before = stage === 0 ? FIRST : STAGES[stage - 1]!.channels;
  return Array.from({ length: blocks }, (_, index) =>
    index === 0
      ? new InvertedResidual(before, channels, { expansion, stride, norm })
      : new InvertedResidual(channels, channels, { expansion, norm }),
  );
}

/**
 * 53 weighted layers, 3,504,872 parameters.
 *
 * @example
 * import { mobilenet_v2, Predictor } from 'residua';
 *
 * const model = mobilenet_v2({ numClasses: 5, seed: 1 });
 * const logits = await new Predictor(model).logits(new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
 * console.log(logits.length); // 5
 */
export const mobilenet_v2 = (options?: MobileNetV2Options): MobileNetV2 => new MobileNetV2(options);

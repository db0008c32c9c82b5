import { adaptiveAvgPool2d } from '../functions/adaptiveAvgPool2d.ts';
import { Conv2d } from '../nn/conv2d.ts';
import { Dropout } from '../nn/dropout.ts';
import { Flatten } from '../nn/flatten.ts';
import { Linear } from '../nn/linear.ts';
import { MaxPool2d } from '../nn/pooling.ts';
import { ReLU } from '../nn/relu.ts';
import { manualSeed } from '../nn/seed.ts';
import { Sequential } from '../nn/sequential.ts';
import { through } from '../nn/through.ts';
import type { Tensor } from '../core/tensor.ts';
import { classesOf, Classifier, MODEL_OPTIONS, type ModelOptions } from './classifier.ts';
import { resetLast } from './vgg.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** Settings of {@link AlexNet}. */
export interface AlexNetOptions extends ModelOptions {
  /** Probability of dropping in the classifier; 0.5 by default. */
  readonly dropout?: number;
}

const OPTIONS: OptionNames<AlexNetOptions> = { ...MODEL_OPTIONS, dropout: 1 };

/** The plain network the story starts from, in torchvision's one-column form (Krizhevsky 2014, arXiv:1404.5997). */
export class AlexNet extends Classifier {
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(options: AlexNetOptions = {}) {
    expectOptions('AlexNet', options, OPTIONS);
    super(options.stem ?? 'imagenet');
    if (options.seed !== undefined) manualSeed(options.seed);
    const { inChannels = 3, stem = 'imagenet', dropout = 0.5 } = options;
    const { numClasses = classesOf(stem) } = options;
    const first =
      stem === 'imagenet'
        ? { kernelSize: 11, stride: 4, padding: 2 }
        : { kernelSize: 3, padding: 1 };
    const pool = (): MaxPool2d => new MaxPool2d({ kernelSize: 3, stride: 2 });
    this.features = new Sequential(
      new Conv2d(inChannels, 64, first),
      new ReLU(),
      pool(),
      new Conv2d(64, 192, { kernelSize: 5, padding: 2 }),
      new ReLU(),
      pool(),
      new Conv2d(192, 384, { kernelSize: 3, padding: 1 }),
      new ReLU(),
      new Conv2d(384, 256, { kernelSize: 3, padding: 1 }),
      new ReLU(),
      new Conv2d(256, 256, { kernelSize: 3, padding: 1 }),
      new ReLU(),
      pool(),
    );
    this.classifier = new Sequential(
      new Dropout(dropout),
      new Linear(36 * 256, 4096, { flattened: [6, 6, 256] }),
      new ReLU(),
      new Dropout(dropout),
      new Linear(4096, 4096),
      new ReLU(),
      new Linear(4096, numClasses),
    );
    this.name();
  }

  override forwardFeatures(x: Tensor): Tensor {
    return this.features.forward(x);
  }

  override forwardHead(features: Tensor): Tensor {
    return through(
      adaptiveAvgPool2d(features, 6), // [N, 6, 6, 256]
      new Flatten(), // [N, 9216]
      this.classifier, // [N, numClasses]
    );
  }

  override resetHead(numClasses: number): void {
    resetLast(this.classifier, numClasses);
    this.name();
  }
}

/** 8 weighted layers, 61,100,840 parameters. */
export const alexnet = (options?: AlexNetOptions): AlexNet => new AlexNet(options);

import { crossEntropy, type CrossEntropyOptions } from '../functions/crossEntropy.ts';
import { maxPool2d } from '../functions/maxPool2d.ts';
import type { Conv2dOptions } from '../nn/conv2d.ts';
import { noteHeir } from '../core/heirs.ts';
import { Linear } from '../nn/linear.ts';
import { Module } from '../nn/module.ts';
import { expectOneOf, type OptionNames } from '../base/settings.ts';
import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/** How a network begins: for large photographs, or for small images whose pixels all count. */
export type Stem = 'imagenet' | 'cifar';

/** Settings that every network takes. */
export interface ModelOptions {
  /** Outputs; 1000 by default, 10 with the stem for small images. */
  readonly numClasses?: number;
  /** Channels of the images; 3 by default. */
  readonly inChannels?: number;
  /** `imagenet` shrinks the image at once, `cifar` does not. By default what the network was published with. */
  readonly stem?: Stem;
  /** Seed of the initial weights; without it they go on from `manualSeed`. */
  readonly seed?: number;
}

/** All of {@link ModelOptions}. */
export const MODEL_OPTIONS: OptionNames<ModelOptions> = {
  numClasses: 1,
  inChannels: 1,
  stem: 1,
  seed: 1,
};

/** A loss `[]` and the logits `[N, numClasses]` that it came from. */
export interface LossAndLogits {
  readonly loss: Tensor;
  readonly logits: Tensor;
}

/** Classes of the data set that a stem is for. */
export const classesOf = (stem: Stem): number => (stem === 'imagenet' ? 1000 : 10);

/** The first convolution: 7×7 with stride 2, or 3×3. */
export const stemGeometry = (stem: Stem): Conv2dOptions =>
  stem === 'imagenet'
    ? { kernelSize: 7, stride: 2, padding: 3, bias: false }
    : { kernelSize: 3, padding: 1, bias: false };

/** The pooling behind the 7×7 convolution: `[N, H, W, C]` → `[N, H / 2, W / 2, C]`. */
export const stemPool = (x: Tensor): Tensor =>
  maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 });

/** A fresh layer in the place of the last one, for another number of classes. */
export function freshLinear(old: Linear, numClasses: number): Linear {
  const [features] = old.weight.shape as [number, number];
  const fresh = new Linear(features, numClasses, { flattened: old.flattened });
  noteHeir(old.weight, fresh.weight);
  if (old.bias && fresh.bias) noteHeir(old.bias, fresh.bias);
  old.dispose();
  return fresh;
}

/** A network in two parts: features `[N, H, W, C]` → `[N, h, w, f]`, and a head that gives `[N, numClasses]`. */
export abstract class Classifier extends Module {
  readonly #stem: Stem;

  constructor(stem: Stem) {
    super();
    expectOneOf(this.constructor.name, 'stem', stem, ['imagenet', 'cifar']);
    this.#stem = stem;
  }

  /** What the head reads. */
  abstract forwardFeatures(x: Tensor): Tensor;

  /** Logits from features. */
  abstract forwardHead(features: Tensor): Tensor;

  /**
   * Gives the network a fresh last layer for another number of classes. Optimizers of the old one go on with the fresh one, whose
   * moments begin anew.
   */
  abstract resetHead(numClasses: number): void;

  /** One image of the size that its stem is for. */
  override exampleShape(): Shape {
    const side = this.#stem === 'imagenet' ? 224 : 32;
    const [first] = this.stateDict().values();
    return [1, side, side, first!.shape[2]!];
  }

  override forward(x: Tensor): Tensor {
    return this.forwardHead(this.forwardFeatures(x));
  }

  /** What training minimises: cross-entropy of the logits, unless the network has more heads. */
  loss(x: Tensor, labels: Tensor, options?: CrossEntropyOptions): LossAndLogits {
    const logits = this.forward(x);
    return { loss: crossEntropy(logits, labels, options), logits };
  }

  /**
   * Keeps everything up to and including a module as it is in training: its weights get no gradient, its batch norms use
   * running statistics and do not move. `until` is a path such as `layer3` or `features.denseblock2`; without it all but
   * the head is frozen.
   *
   * @throws RangeError when there is no such module.
   */
  freeze(until = [...this.children()].at(-2)?.[0] ?? ''): void {
    const modules = [...this.modules()];
    const isWithin = (path: string): boolean => path === until || path.startsWith(`${until}.`);
    const last = modules.findLastIndex(([path]) => isWithin(path));
    if (last < 0) throw new RangeError(this.#noModule('freeze', until));
    for (const [path, module] of modules.slice(1, last + 1)) {
      if (!until.startsWith(`${path}.`)) module.freezeAll();
    }
  }

  /**
   * Takes {@link Classifier.freeze} back from a module on, `from` as there: its weights and batch norms and all that follow
   * are trained again; without it the whole network. An optimizer that was made before, or while they were frozen,
   * goes on with their moments as they were.
   *
   * @throws RangeError when there is no such module.
   */
  unfreeze(from = ''): void {
    const modules = [...this.modules()];
    const first = modules.findIndex(([path]) => path === from);
    if (first < 0) throw new RangeError(this.#noModule('unfreeze', from));
    if (from === '') return this.unfreezeAll();
    for (const [path, module] of modules.slice(first)) {
      if (!from.startsWith(`${path}.`)) module.unfreezeAll();
    }
  }

  #noModule(action: string, path: string): string {
    const names = [...this.children()].map(([name]) => name).join(', ');
    return `${action}: there is no module "${path}": take one of ${names}, or one inside them`;
  }
}

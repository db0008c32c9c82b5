import { Module } from '../nn/module.ts';
import type { Tensor } from '../tensor.ts';

/** Settings that every network takes. */
export interface ModelOptions {
  /** Outputs; the paper's number by default (1000 for ImageNet nets, 10 for small-image ones). */
  readonly numClasses?: number;
  /** Channels of the images; 3 by default. */
  readonly inChannels?: number;
  /** Seed of the initial weights; without it they go on from `manualSeed`. */
  readonly seed?: number;
}

/** A network in two parts: features `[N, H, W, C]` → `[N, h, w, f]`, and a head that gives `[N, numClasses]`. */
export abstract class Classifier extends Module {
  /** What the head reads. */
  abstract forwardFeatures(x: Tensor): Tensor;

  /** Logits from features. */
  abstract forwardHead(features: Tensor): Tensor;

  /** Gives the network a fresh last layer for another number of classes. */
  abstract resetHead(numClasses: number): void;

  override forward(x: Tensor): Tensor {
    return this.forwardHead(this.forwardFeatures(x));
  }

  /**
   * Keeps everything up to and including a module as it is in training: its weights get no gradient, its batch norms use
   * running statistics and do not move. `until` is a path such as `layer3`; without it all but the head is frozen.
   *
   * @throws RangeError when there is no such module.
   */
  freeze(until?: string): void {
    const children = [...this.children()];
    const last =
      until === undefined ? children.length - 2 : children.findIndex(([name]) => name === until);
    if (until !== undefined && last < 0) {
      const names = children.map(([name]) => name).join(', ');
      throw new RangeError(`freeze: there is no module "${until}": take one of ${names}`);
    }
    for (const [, child] of children.slice(0, last + 1)) child.freezeAll();
  }
}

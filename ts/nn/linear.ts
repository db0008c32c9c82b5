import { linear } from '../functions/linear.ts';
import { expectWhole } from '../base/settings.ts';
import { formatShape, sizeOf } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { uniform } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of a {@link Linear}. */
export interface LinearOptions {
  /** Adds a bias; true by default. */
  readonly bias?: boolean;
  /**
   * `[h, w, c]` where the input is a flattened image. Files of other frameworks flatten channels first; this is what
   * translates their weights. Absent by default.
   */
  readonly flattened?: readonly [height: number, width: number, channels: number];
}

/**
 * `y = x·W + b`: `[N, inFeatures]` → `[N, outFeatures]`. Starts from U(±1/√inFeatures), as in PyTorch.
 *
 * @example
 * import { Linear, tensor } from 'residua';
 *
 * const layer = new Linear(4, 10);
 * console.log(layer.forward(tensor([1, 2, 3, 4], [1, 4])).shape); // 1, 10
 */
export class Linear extends Module {
  /** `[inFeatures, outFeatures]`. */
  readonly weight: Tensor;
  /** `[outFeatures]`. */
  readonly bias?: Tensor;
  /** `[h, w, c]` of the image that its input was flattened from, if it was. */
  readonly flattened: LinearOptions['flattened'];

  /** Throws RangeError for a size that is not a whole number ≥ 1, or an image that has not `inFeatures` values. */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    expectWhole('Linear', 'inFeatures', inFeatures);
    expectWhole('Linear', 'outFeatures', outFeatures);
    const { flattened } = options;
    if (flattened && (flattened.length !== 3 || sizeOf(flattened) !== inFeatures)) {
      throw new RangeError(
        `Linear: flattened is ${formatShape(flattened)} but must be [h, w, c] of ${inFeatures} values`,
      );
    }
    this.flattened = flattened;
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = uniform([inFeatures, outFeatures], bound);
    if (options.bias ?? true) this.bias = uniform([outFeatures], bound);
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => linear(x, this.weight, this.bias));
  }

  override describe(): string {
    return `Linear ${this.weight.shape.join(' → ')}`;
  }
}

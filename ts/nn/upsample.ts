import {
  checkInterpolate,
  interpolate,
  type InterpolateOptions,
} from '../functions/interpolate.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** Images of another size, as `interpolate` makes them: `[N, H, W, C]` → `[N, OH, OW, C]`. */
export class Upsample extends Module {
  readonly #options: InterpolateOptions;

  /** Throws TypeError unless one of size and scale is given; RangeError for one that fits no image. */
  constructor(options: InterpolateOptions) {
    super();
    checkInterpolate('Upsample', options);
    this.#options = structuredClone(options);
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => interpolate(x, this.#options));
  }
}

import { blurPool2d, blurPoolOf, type BlurPool2dOptions } from '../functions/blurPool2d.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/**
 * Blurs images by a fixed binomial filter and keeps every `stride`-th pixel (Zhang 2019, arXiv:1904.11486). Has no weights.
 * `[N, H, W, C]` → by default `[N, ⌈H / 2⌉, ⌈W / 2⌉, C]`.
 *
 * @example
 * ```ts
 * import { BlurPool2d, init, zeros } from 'residua';
 *
 * await init();
 * console.log(new BlurPool2d().forward(zeros([1, 7, 8, 4])).shape); // [1, 4, 4, 4]
 * ```
 */
export class BlurPool2d extends Module {
  readonly #options: Required<BlurPool2dOptions>;

  /** Throws RangeError for a filter of other than 2 to 24 taps, or a stride that is not a whole number ≥ 1. */
  constructor(options: BlurPool2dOptions = {}) {
    super();
    this.#options = blurPoolOf('BlurPool2d', options);
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => blurPool2d(x, this.#options));
  }

  override describe(): string {
    const { filterSize, stride } = this.#options;
    return `BlurPool2d ${filterSize}×${filterSize}, stride ${stride}`;
  }
}

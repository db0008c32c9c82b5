import { expectOptions, expectWhole, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { blurPool2d as op } from '../ops/resample/blurPool2d.ts';

/** How {@link blurPool2d} blurs. */
export interface BlurPool2dOptions {
  /** Taps of the filter along each axis; 3 by default, whose weights are ¼, ½ and ¼. */
  readonly filterSize?: number;
  /** Step of the filter; 2 by default. */
  readonly stride?: number;
}

const OPTIONS: OptionNames<BlurPool2dOptions> = { filterSize: 1, stride: 1 };

/**
 * The settings of {@link blurPool2d}, with its defaults.
 *
 * @throws RangeError unless the filter has 2 to 24 taps and the stride is a whole number ≥ 1.
 */
export function blurPoolOf(place: string, options: BlurPool2dOptions): Required<BlurPool2dOptions> {
  expectOptions(place, options, OPTIONS);
  const { filterSize = 3, stride = 2 } = options;
  expectWhole(place, 'stride', stride);
  expectWhole(place, 'filterSize', filterSize, 2);
  if (filterSize > 24)
    throw new RangeError(`${place}: filterSize is ${filterSize} but must be at most 24`);
  return { filterSize, stride };
}

/**
 * Blurs images and keeps every `stride`-th pixel (Zhang 2019, arXiv:1904.11486): a fixed binomial filter along both axes, of images
 * mirrored at their borders as timm's `BlurPool2d` has it. x `[N, H, W, C]` → `[N, OH, OW, C]`, by default `[N, ⌈H / 2⌉, ⌈W / 2⌉, C]`.
 *
 * @throws ShapeError when x has not four axes, or no more pixels along one than are mirrored.
 * @example
 * import { blurPool2d, tensor } from 'residua';
 *
 * const x = tensor([0, 0, 4, 0, 0, 0, 4, 0], [1, 2, 4, 1]);
 * console.log(blurPool2d(x).data()); // 0, 2
 */
export function blurPool2d(x: Tensor, options: BlurPool2dOptions = {}): Tensor {
  return apply(op, { x }, blurPoolOf('blurPool2d', options)).y;
}

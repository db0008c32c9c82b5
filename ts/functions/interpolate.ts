import {
  expectNumber,
  expectOneOf,
  expectOptions,
  expectWhole,
  type OptionNames,
} from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Pair } from '../ops/conv2d/geometry.ts';
import { interpolate as op } from '../ops/resample/interpolate.ts';
import type { InterpolationMode } from '../ops/resample/interpolationMap.ts';
import type { Tensor } from '../core/tensor.ts';
import { pairOf } from './window.ts';

/** How {@link interpolate} works: `size` or `scale` says how large the output is. */
export interface InterpolateOptions {
  /** Height and width, or one number for both. */
  readonly size?: number | Pair;
  /** How many times as high and as wide, or one number for both; sizes are rounded down. */
  readonly scale?: number | Pair;
  /**
   * `nearest`, by default: the pixel that the upper left corner of one of the output lies in; `nearest-exact`: its center; `bilinear`:
   * a straight line between the centers of neighbours.
   */
  readonly mode?: InterpolationMode;
  /** For `bilinear`: the centers of the corner pixels stay where they are, not the edges of the image; false by default. */
  readonly alignCorners?: boolean;
  /** For `bilinear`: averages over all pixels that one of the output covers where that is smaller; false by default. */
  readonly antialias?: boolean;
}

/** All options of {@link interpolate}. */
export const INTERPOLATE_OPTIONS: OptionNames<InterpolateOptions> = {
  size: 1,
  scale: 1,
  mode: 1,
  alignCorners: 1,
  antialias: 1,
};

/** Throws TypeError or RangeError for options that fit no image: when a layer is made, not when it is first used. */
export function checkInterpolate(place: string, options: InterpolateOptions): void {
  expectOptions(place, options, INTERPOLATE_OPTIONS);
  const { size, scale, mode = 'nearest' } = options;
  expectOneOf(place, 'mode', mode, ['nearest', 'nearest-exact', 'bilinear']);
  for (const name of ['alignCorners', 'antialias'] as const) {
    if (mode === 'bilinear' || !options[name]) continue;
    throw new RangeError(`${place}: ${name} is true but mode is "${mode}", which has none`);
  }
  if ((size === undefined) === (scale === undefined)) {
    const given = size === undefined ? 'neither' : 'both';
    throw new TypeError(`${place}: one of size and scale must be given but ${given} is`);
  }
  if (size !== undefined)
    for (const count of pairOf(size, `${place}: size`)) expectWhole(place, 'size', count);
  if (scale !== undefined)
    for (const factor of pairOf(scale, `${place}: scale`))
      expectNumber(place, 'scale', factor, { above: 0 });
}

/**
 * Images of another size, as PyTorch's `interpolate`: x `[N, H, W, C]` → `[N, OH, OW, C]`. With `scale` places are divided by it, where
 * the sizes are rounded as well; but an axis that keeps its size is copied, unless the mode is `nearest-exact`. Pixels of weight 0 take no part, so that a NaN there does not spread.
 *
 * @throws ShapeError when x has not four axes, or its size by the scale is below 1; TypeError unless one of size and scale is given;
 * RangeError for a size below 1, another mode, or options of another one.
 * @example
 * import { interpolate, tensor } from 'residua';
 *
 * const x = tensor([0, 4], [1, 1, 2, 1]);
 * console.log(interpolate(x, { size: [1, 4], mode: 'bilinear' }).data()); // 0, 1, 3, 4
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkInterpolate('interpolate', options);
  const { size, scale, mode = 'nearest', alignCorners = false, antialias = false } = options;
  const rule = { mode, alignCorners, antialias };
  if (scale === undefined) {
    return apply(op, { x }, { ...rule, size: pairOf(size!, 'interpolate: size') }).y;
  }
  const factors = pairOf(scale, 'interpolate: scale');
  const [height, width] = factors.map((factor, axis) => Math.floor(x.shape[1 + axis]! * factor));
  return apply(op, { x }, { ...rule, size: [height!, width!], scale: factors }).y;
}

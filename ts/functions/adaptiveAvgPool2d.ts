import { apply } from '../core/apply.ts';
import { adaptiveAvgPool2d as op } from '../ops/pools/adaptiveAvgPool2d.ts';
import type { Pair } from '../ops/conv2d/geometry.ts';
import type { Tensor } from '../core/tensor.ts';
import { pairOf } from './window.ts';

/**
 * Mean over windows that divide the image evenly: x `[N, H, W, C]` → `[N, OH, OW, C]`, `outputSize` for both axes or
 * [height, width].
 *
 * @throws ShapeError when x has not four axes, or a size is not a whole number ≥ 1.
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: number | Pair): Tensor {
  return apply(op, { x }, { outputSize: pairOf(outputSize, 'adaptiveAvgPool2d: outputSize') }).y;
}

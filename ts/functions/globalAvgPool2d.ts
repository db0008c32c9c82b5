import { apply } from '../core/apply.ts';
import { globalAvgPool2d as op } from '../ops/pools/globalAvgPool2d.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Mean over all pixels of an image: x `[N, H, W, C]` → `[N, C]`.
 *
 * @throws ShapeError when x has not four axes.
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}

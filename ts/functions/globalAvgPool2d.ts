import { apply } from '../apply.ts';
import { globalAvgPool2d as op } from '../ops/globalAvgPool2d.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Mean over all pixels of an image: x `[N, H, W, C]` → `[N, C]`.
 *
 * @throws ShapeError when x has not four axes.
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  return apply(op, [x], {})[0]!;
}

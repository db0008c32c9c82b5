import { apply } from '../core/apply.ts';
import { globalMaxPool2d as op } from '../ops/pools/globalMaxPool2d.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Largest value of all pixels of an image: x `[N, H, W, C]` → `[N, C]`; NaN where there is one. Of equal ones the first in row-major order
 * takes the gradient, as with `maxPool2d`; PyTorch's `amax` shares it among them.
 *
 * @throws ShapeError when x has not four axes, or an image no pixels.
 */
export function globalMaxPool2d(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}

import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { prelu as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * x where it is positive, else `slope · x`, element by element, of x's shape; slope is a parameter, `[C]` for x `[…, C]` or of any shape that
 * broadcasts to x's. Source: He et al. 2015 (arXiv:1502.01852).
 *
 * @throws ShapeError when the shapes do not fit; TypeError when one is not f32.
 * @example
 * import { prelu, tensor } from 'residua';
 *
 * console.log(prelu(tensor([[-2, -2], [3, 3]]), tensor([0.5, 0.25])).data()); // -1, -0.5, 3, 3
 */
export function prelu(x: Tensor, slope: Tensor): Tensor {
  return apply(map, { parts: [x, slope] }, formula).y;
}

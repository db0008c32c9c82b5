import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { silu as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * `x · sigmoid(x)` element by element, of x's shape; also called swish. Source: Hendrycks and Gimpel 2016; Ramachandran et al. 2017.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { silu, tensor } from 'residua';
 *
 * console.log(silu(tensor([0, 2])).data()); // 0, 1.76
 */
export function silu(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}

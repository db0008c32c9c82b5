import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { tanh as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * The hyperbolic tangent element by element, of x's shape; off by at most 2⁻²⁰ of its size.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { tanh, tensor } from 'residua';
 *
 * console.log(tanh(tensor([0, 1])).data()); // 0, 0.76
 */
export function tanh(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
